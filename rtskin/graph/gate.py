"""Gate: the one slot before a group of nodes in live mode, where frames are dropped and nowhere else."""

from __future__ import annotations

import math
import threading
import time
from collections import Counter
from collections.abc import Sequence

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
        self._changed = threading.Condition()

    @property
    def depth(self) -> int:
        """1 while a frame waits to enter."""
        return int(self._slot is not None)

    def put(self, packet: Packet) -> bool:
        """Offer a frame; one that still waits is replaced and counted. Never blocks."""
        with self._changed:
            if self._closed:
                return False
            if self._slot is not None:
                self.dropped["superseded"] += 1
            self._slot = packet
            self._changed.notify()
            return True

    def get(self, timeout: float | None = None) -> Packet | Signal:
        """The freshest frame, once it may enter; a Signal otherwise (as :meth:`Edge.get`)."""
        packet = self._take(timeout)
        for edge in self.siblings:
            if packet is Signal.END:
                edge.end()
            elif not isinstance(packet, Signal):
                edge.put(packet)
        return packet

    def _take(self, timeout: float | None) -> Packet | Signal:
        deadline = math.inf if timeout is None else time.monotonic() + timeout
        with self._changed:
            while True:
                if self._closed:
                    return Signal.CLOSED
                now = time.monotonic()
                wake = deadline
                if self._slot is not None:
                    ready = self._admission.ready_at(now)
                    if ready <= now:
                        return self._admit()
                    wake = min(wake, ready)
                elif self._ended:
                    return Signal.END
                if now >= deadline:
                    return Signal.EMPTY
                self._changed.wait(None if wake == math.inf else wake - now)

    def _admit(self) -> Packet:
        packet, self._slot = self._slot, None
        assert packet is not None
        self._admission.enter(packet.frame.seq)
        return packet

    def enter(self, seq: int) -> None:
        """A packet of this frame was put on an edge inside the group."""
        with self._changed:
            self._admission.enter(seq)

    def leave(self, seq: int, packets: int) -> None:
        """A node of the group has dealt with so many packets of this frame, and with what it made of them."""
        with self._changed:
            if self._admission.leave(seq, packets):
                self._changed.notify()

    def started(self, node: str, seq: int) -> None:
        """A node of the group begins to work on a frame."""
        with self._changed:
            self._admission.started(node, seq, time.monotonic())
            if node == self._admission.slowest:
                self._changed.notify()

    def finished(self, node: str, seq: int) -> None:
        """A node of the group has worked on a frame."""
        with self._changed:
            self._admission.finished(node, seq, time.monotonic())
            if node == self._admission.slowest:
                self._changed.notify()

    def end(self) -> None:
        """No frame will follow; the one that waits is still let in. ``get`` ends the siblings after it."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def close(self) -> None:
        """Stop at once."""
        with self._changed:
            self._closed = True
            if self._slot is not None:
                self.dropped["stopped"] += 1
                self._slot = None
            self._changed.notify_all()
