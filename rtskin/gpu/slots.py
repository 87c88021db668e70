"""Room for the frames that are under way: so many at once, and no more."""

from __future__ import annotations

import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

from rtskin.errors import GraphStateError


class Slot:
    """Memory of one frame under way, used again by the next one: what lies here until it is up, and what lies there.

    staging, device: tensors by name. held: what copies still read. events: marks in the device's order of work, by name.
    """

    def __init__(self) -> None:
        self.staging: dict[str, Any] = {}
        self.device: dict[str, Any] = {}
        self.events: dict[str, Any] = {}
        self.held: list[Any] = []


class Lease:
    """A slot that is taken: it goes back when it is released, or when nobody knows of it any more."""

    def __init__(self, slot: Slot, free: SimpleQueue[Slot]) -> None:
        self.slot, self._free = slot, free
        self._taken: list[Slot] = [slot]

    def release(self) -> None:
        """May be called again, and from any thread."""
        with suppress(IndexError):
            self._free.put(self._taken.pop())  # a list's pop is atomic: one of two threads gets it

    def __del__(self) -> None:
        self.release()


class Slots:
    """``count`` slots."""

    def __init__(self, count: int) -> None:
        self.count = count
        self._free: SimpleQueue[Slot] = SimpleQueue()
        for _ in range(count):
            self._free.put(Slot())

    @property
    def free(self) -> int:
        return self._free.qsize()

    def take(self, stopping: threading.Event) -> Lease:
        """Waits for a free one; GraphStateError when the graph stops meanwhile."""
        while True:
            try:
                return Lease(self._free.get(timeout=0.05), self._free)
            except Empty:
                if stopping.is_set():
                    raise GraphStateError("the graph stopped while a frame waited for room on the GPU") from None
