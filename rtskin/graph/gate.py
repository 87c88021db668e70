"""Gate: the one slot before a group of nodes in live mode, where frames are dropped and nowhere else."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from rtskin.frame import Packet
from rtskin.graph.admission import Admission
from rtskin.graph.edges import Edge, Signal


class Gate:
    """Holds the freshest frame and lets it in when the admission says so.

    It stands in for the edge into the group's first node: that node's thread waits in :meth:`get`, so no thread is spent
    on admission. ``siblings`` are the edges into the group's other entrances, which get the same frames.
    """

    drops = True

    def __init__(self, name: str, admission: Admission, siblings: Sequence[Edge] = ()) -> None:
        self.name = name
        self.dropped: Counter[str] = Counter()
        self.siblings = list(siblings)
        self._admission = admission
        self._slot: Packet | None = None
        self._ended = self._closed = False
        self._lock = threading.Lock()
        self._bell: SimpleQueue[None] = SimpleQueue()

    @property
    def depth(self) -> int:
        """1 while a frame waits to enter."""
        return int(self._slot is not None)

    def put(self, packet: Packet) -> bool:
        """Offer a frame; one that still waits is replaced and counted. Never blocks."""
        with self._lock:
            if self._closed:
                return False
            if self._slot is not None:
                self.dropped["superseded"] += 1
            self._slot = packet
        self._bell.put(None)
        return True

    def get(self, timeout: float | None = None) -> Packet | Signal:
        """The freshest frame, once it may enter; a Signal otherwise (as :meth:`Edge.get`)."""
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        while True:
            with self._lock:
                answer = self._look(time.monotonic())
            if not isinstance(answer, float):
                return self._share(answer)
            wait = min(answer, deadline) - time.monotonic()
            try:
                self._bell.get(wait > 0, None if wait == math.inf else max(wait, 0))
            except Empty:
                if time.monotonic() >= deadline:
                    return Signal.EMPTY

    def _look(self, now: float) -> Packet | Signal | float:
        """What there is to take, or the time at which to look again (infinity: when the bell rings)."""
        if self._closed:
            return Signal.CLOSED
        if self._slot is None:
            return Signal.END if self._ended else math.inf
        ready = self._admission.ready_at(now)
        if ready > now:
            return ready
        packet, self._slot = self._slot, None
        self._admission.enter(packet.frame.seq, 1 + len(self.siblings))
        return packet

    def _share(self, answer: Packet | Signal) -> Packet | Signal:
        for edge in self.siblings:
            if answer is Signal.END:
                edge.end()
            elif not isinstance(answer, Signal):
                edge.put(answer)
        return answer

    def started(self, node: str, seq: int) -> None:
        """A node of the group begins to work on a frame."""
        if node != self._admission.slowest:
            return
        with self._lock:
            self._admission.started(node, seq, time.monotonic())
            ring = self._slot is not None
        if ring:
            self._bell.put(None)

    def enter(self, seq: int, packets: int) -> None:
        """So many packets of a frame are given to nodes of the group that were not accounted for by ``finished``."""
        with self._lock:
            self._admission.enter(seq, packets)

    def finished(self, node: str, seq: int, seconds: float, taken: int, given: int) -> None:
        """A node of the group worked so long on so many packets of a frame; call it before it gives on what it made.

        given: packets of the same frame, to nodes of the group.
        """
        admission = self._admission
        if given == taken and node != admission.slowest:
            admission.timed(node, seconds)
            return
        with self._lock:
            admission.timed(node, seconds)
            admission.finished(node, seq, taken, given)
            # Each ring wakes a thread, so it rings only when a frame waits and this news can let it in.
            ring = self._slot is not None and (node == admission.slowest or not given)
        if ring:
            self._bell.put(None)

    def end(self) -> None:
        """No frame will follow; the one that waits is still let in. ``get`` ends the siblings after it."""
        with self._lock:
            self._ended = True
        self._bell.put(None)

    def close(self) -> None:
        """Stop at once."""
        with self._lock:
            self._closed = True
            if self._slot is not None:
                self.dropped["stopped"] += 1
                self._slot = None
        self._bell.put(None)
