"""Ctrl-C while a kernel is compiled: LLVM works for seconds in which Python hears no signal in its first thread."""

from __future__ import annotations

import os
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NoReturn

#: Seconds that Python's own way has: where it runs code of its own, a KeyboardInterrupt is raised at once.
_OWN_WAY = 0.2
#: As of every interrupted verb (rtskin.cli.main).
_STATUS, _SAID = 1, b"rtskin: interrupted\n"


def _end(clean_up: Callable[[], None]) -> NoReturn:
    """Python's own end takes seconds with LLVM loaded, and has nothing to put in order yet."""
    clean_up()
    os.write(sys.stderr.fileno(), _SAID)
    os._exit(_STATUS)


@contextmanager
def ends_at_once(clean_up: Callable[[], None]) -> Iterator[None]:
    """Within a ``with``, Ctrl-C ends this program, after ``clean_up``, also where Python does not come to it for seconds.

    Only on the first thread, and where nobody else handles Ctrl-C; else nothing is changed.
    """
    ours = signal.getsignal(signal.SIGINT) is signal.default_int_handler
    if not ours or threading.current_thread() is not threading.main_thread():
        yield
        return
    # The system's handler writes the number of the signal there, whatever the first thread does.
    heard, told = socket.socketpair()
    told.setblocking(False)
    done = threading.Event()

    def listen() -> None:
        while number := heard.recv(1):
            if number[0] == signal.SIGINT and not done.wait(_OWN_WAY):
                _end(clean_up)

    listener = threading.Thread(target=listen, name="ctrl-c", daemon=True)
    listener.start()
    before = signal.set_wakeup_fd(told.fileno())
    try:
        yield
    except KeyboardInterrupt:
        done.set()
        _end(clean_up)
    finally:
        done.set()
        signal.set_wakeup_fd(before)
        told.close()
        listener.join()
        heard.close()
