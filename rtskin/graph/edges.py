"""Edges: what lies between two nodes.

An ``every_frame`` edge is bounded and blocks the producer when it is full. A dropping edge never blocks: when it is full
the oldest packet goes and is counted, so that the last packet of a stream always arrives.
"""

from __future__ import annotations

from collections import Counter
from enum import Enum
from queue import Empty, SimpleQueue

from rtskin.frame import Packet


class Signal(Enum):
    """What ``get`` answers when it has no packet."""

    EMPTY = "nothing arrived within the time-out"
    END = "the stream is over and everything was taken"
    CLOSED = "the graph stops at once"


class Edge:
    """A queue of at most ``size`` packets between two nodes; every method is safe from any thread.

    Packets and room each travel through a SimpleQueue, whose waiting is C code with one wake-up: a hand-over costs a
    third less CPU than with a condition variable (bench/graph.py), where the woken thread still has to win a lock.
    """

    def __init__(self, name: str, size: int, *, drops: bool = False) -> None:
        self.name, self.size, self.drops = name, size, drops
        self.dropped: Counter[str] = Counter()
        self._closed = False
        self._items: SimpleQueue[Packet | Signal] = SimpleQueue()
        self._room: SimpleQueue[Signal | None] = SimpleQueue()
        for _ in range(size):
            self._room.put(None)

    @property
    def depth(self) -> int:
        """Packets waiting now."""
        return max(0, self.size - self._room.qsize())

    def put(self, packet: Packet) -> bool:
        """Hand over a packet, waiting for room unless the edge drops; False once the edge is closed."""
        if self.drops:
            self._make_room()
        if self._room.get() is Signal.CLOSED:
            self._room.put(Signal.CLOSED)
            return False
        self._items.put(packet)
        return True

    def _make_room(self) -> None:
        """Let the oldest packet go, if there is no room. Producers are one at a time, so the room stays."""
        while not self._room.qsize():
            try:
                oldest = self._items.get(timeout=0.001)  # empty for a moment when the consumer has just taken the last
            except Empty:
                continue
            if isinstance(oldest, Signal):
                self._items.put(oldest)
                return
            self.dropped["consumer busy"] += 1
            self._room.put(None)

    def get(self, timeout: float | None = None) -> Packet | Signal:
        """The oldest packet; a Signal where there is none (see there). Waits ``timeout`` seconds, or for ever."""
        try:
            item = self._items.get(timeout != 0, timeout or None)
        except Empty:
            return Signal.EMPTY
        if self._closed:
            self._items.put(Signal.CLOSED)
            return Signal.CLOSED
        if isinstance(item, Signal):
            self._items.put(item)  # for the next who asks
            return item
        self._room.put(None)
        return item

    def end(self) -> None:
        """No packet will follow: what is queued is still delivered, then END."""
        self._items.put(Signal.END)

    def close(self) -> None:
        """Stop at once: everybody who waits wakes; packets that wait are lost and counted."""
        if not self._closed:
            self._closed = True
            self.dropped["stopped"] += self.depth
            self._items.put(Signal.CLOSED)
            self._room.put(Signal.CLOSED)
