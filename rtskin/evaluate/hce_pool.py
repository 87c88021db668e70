"""Human correction effort beside the networks, in processes of its own: it is slow, and Python computes much of it."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from types import TracebackType
from typing import Any

from rtskin.errors import RtskinError
from rtskin.evaluate import hce
from rtskin.frame import U8

#: Pictures that wait for each process, one bit a pixel: what bounds the memory.
_AHEAD = 4


class EffortError(RtskinError, RuntimeError):
    """A process that measured the effort ended without an answer."""


class EffortPool:
    """``submit`` a picture's masks, one picture after the other; ``finish`` gives the clicks of all, in that order.

    workers: processes; None: one for each core that this process may use. They are spawned, not forked: a fork would
    inherit the runtimes' locks without the threads that hold them. An error in one is raised by the next ``submit`` or
    by ``finish``; leaving the ``with`` by an exception, Ctrl-C's too, gives up what waits and ends the processes.
    """

    def __init__(self, workers: int | None = None, work: Callable[[hce.Job], dict[str, int]] = hce.work) -> None:
        hce.require()  # here, where the caller sees it, and before the work
        import multiprocessing

        count = workers or len(
            os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1)
        )
        context = multiprocessing.get_context("spawn")
        self._pool = ProcessPoolExecutor(count, mp_context=context, initializer=_prepare)
        self._room, self._work = count * _AHEAD, work
        self._waiting: list[Future[dict[str, int]]] = []
        self._done: list[dict[str, int]] = []

    def submit(self, truth: U8, masks: dict[str, U8]) -> None:
        """uint8 H×W each; waits while too many pictures wait already."""
        while len(self._waiting) >= self._room:
            self._collect()
        try:
            self._waiting.append(self._pool.submit(self._work, hce.pack(truth, masks)))
        except BrokenProcessPool as error:
            raise _ended() from error

    def finish(self) -> list[dict[str, int]]:
        """Clicks by model of every picture since the last call."""
        while self._waiting:
            self._collect()
        done, self._done = self._done, []
        return done

    def close(self) -> None:
        """End the processes; what waits is given up. May be called twice."""
        self._pool.shutdown(wait=True, cancel_futures=True)

    def _collect(self) -> None:
        try:
            self._done.append(self._waiting[0].result())
        except BrokenProcessPool as error:
            raise _ended() from error
        del self._waiting[0]

    def __enter__(self) -> EffortPool:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _ended() -> EffortError:
    return EffortError(
        "a process that measured the human correction effort was ended from outside (out of memory?); "
        "leave out --hce, or give it fewer processes with --hce-processes"
    )


def _prepare(*_: Any) -> None:
    """In each new process: Ctrl-C is the parent's to answer, and OpenCV's threads would only get in each other's way."""
    from rtskin.media import cv2

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cv2.setNumThreads(0)
