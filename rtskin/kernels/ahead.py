"""Compiles a graph's kernels before it starts, in several processes at once, and says so; once for a machine.

Nothing depends on it: a kernel that is missing afterwards, because a process failed, is compiled where it is first called.
"""

from __future__ import annotations

import logging
import queue
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import Any

from rtskin.infer.runtimes.threads import cores
from rtskin.kernels import jobs
from rtskin.kernels.interrupt import ends_at_once
from rtskin.kernels.jit import unwritten

log = logging.getLogger("rtskin.kernels")

#: Processes beside this one: more share too little work for what each takes to load (about a second, 200 MB).
MOST = 3
#: Seconds for which the others are waited for when this process has nothing left to do. The longest kernel takes 3 to 4.
PATIENCE = 30.0
_ONCE = "compiling for this machine, once: 10 to 20 seconds"
_EVERY_TIME = "compiling, as at every start: 20 seconds and more"
_MEND = "set NUMBA_CACHE_DIR to one that can be written"
_WORKER = [sys.executable, "-m", "rtskin.kernels.worker"]


def compile_ahead(seconds: Mapping[str, float], tell: Callable[[str], None], beside: int | None = None) -> None:
    """Run the jobs (rtskin.kernels.jobs) that did not run on this machine yet; nothing is done where all did.

    seconds: name → about what it takes to compile; the longest come first. tell: gets one line as soon as something really
    has to be compiled. beside: processes that help; None: one for each other core, MOST at most.
    """
    missing = [name for name in seconds if not jobs.done(name)]
    if not missing:
        return
    waiting: queue.SimpleQueue[str] = queue.SimpleQueue()
    for name in sorted(missing, key=lambda name: -seconds[name]):
        waiting.put(name)
    kept = any(map(jobs.is_kept, missing))
    # What others compile can only be had from the disk.
    helpers = _Helpers(waiting, 0 if not kept else min(cores() - 1, MOST) if beside is None else beside)

    def begin() -> None:
        # Only now: after an update, or where only the marks are missing, numba still has them all.
        tell(_ONCE if kept else f"{_EVERY_TIME}, since numba finds no folder to keep it in; {_MEND}")
        helpers.start()

    try:
        with ends_at_once(helpers.stop), _first_miss(begin):
            for name in _left(waiting):
                _run(name)
            helpers.wait(PATIENCE)
    finally:
        helpers.stop()
    if (why := unwritten()) is not None:
        tell(f"what was compiled could not be kept ({why}), and will be compiled again; make room there, or {_MEND}")


def _run(name: str) -> None:
    try:
        jobs.run(name)
    except Exception:  # whoever calls the kernel says what is wrong with it
        log.debug("the kernels of %s could not be compiled ahead", name, exc_info=True)


def _left(waiting: queue.SimpleQueue[str]) -> Iterator[str]:
    while True:
        try:
            yield waiting.get_nowait()
        except queue.Empty:
            return


@contextmanager
def _first_miss(begin: Callable[[], None]) -> Iterator[None]:
    """Calls ``begin`` when numba begins to compile for the first time within the ``with``."""
    from numba.core.event import Event, Listener, install_listener

    class First(Listener):  # type: ignore[misc]
        begun = False

        def on_start(self, event: Event) -> None:
            if not self.begun:
                self.begun = True
                begin()

        def on_end(self, event: Event) -> None:
            pass

    with install_listener("numba:compile", First()):
        yield


class _Helpers:
    """Processes that take jobs from the same queue as this one, a thread each that hands them over."""

    def __init__(self, waiting: queue.SimpleQueue[str], count: int) -> None:
        self._waiting, self._count = waiting, count
        self._processes: list[subprocess.Popen[str]] = []
        self._threads: list[threading.Thread] = []

    def start(self) -> None:
        for _ in range(self._count):
            try:
                process = subprocess.Popen(
                    _WORKER, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
                )
            except OSError as error:
                log.debug("no process to compile in: %s", error)
                return
            thread = threading.Thread(target=self._feed, args=(process,), name="kernels", daemon=True)
            self._processes.append(process)
            self._threads.append(thread)
            thread.start()

    def wait(self, seconds: float) -> None:
        for thread in self._threads:
            thread.join(seconds)

    def stop(self) -> None:
        """Also in the middle of a job: numba puts whole files into its cache, or none."""
        for process in self._processes:
            process.kill()
        for process, thread in zip(self._processes, self._threads, strict=True):
            process.wait()
            thread.join(1.0)  # its pipe has ended

    def _feed(self, process: subprocess.Popen[Any]) -> None:
        """A job at a time; one that the process dies of is left to whoever calls the kernel."""
        assert process.stdin is not None
        assert process.stdout is not None
        with suppress(OSError), process.stdin, process.stdout:
            for name in _left(self._waiting):
                process.stdin.write(f"{name}\n")
                process.stdin.flush()
                if not process.stdout.readline():
                    return
