"""OpenVINO's core, of which a process has one for good.

Its CPU plugin gives the thread that loads it another signal stack (sigaltstack), and frees that with the last core, in
whatever thread this happens. If those are two threads, the first is left with a signal stack that is no more, and the next
signal that Python handles there (a Ctrl-C, a child process that ends) kills the process without a word. Seen with 2026.4.
So the plugin is loaded in a thread that ends at once, and the core stays.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from typing import Any

_once = threading.Lock()


def core() -> Any:
    """The ``openvino.Core`` of this process. ImportError without OpenVINO; its own errors where it cannot load."""
    with _once:
        return _core()


@lru_cache(maxsize=1)
def _core() -> Any:
    with ThreadPoolExecutor(1, "rtskin-openvino") as thread:
        return thread.submit(_make).result()


def _make() -> Any:
    import openvino

    made = openvino.Core()
    if "CPU" in made.available_devices:
        made.get_property("CPU", "FULL_DEVICE_NAME")  # the first question loads the plugin
    return made
