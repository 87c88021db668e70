"""Edges: what lies between two nodes.

An ``every_frame`` edge is bounded and blocks the producer when it is full. A dropping edge never blocks: when it is full
the oldest packet goes and is counted, so that the last packet of a stream always arrives.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from enum import Enum
from typing import Protocol

from rtskin.frame import Packet


class Signal(Enum):
    """What ``get`` answers when it has no packet."""

    EMPTY = "nothing arrived within the time-out"
    END = "the stream is over and everything was taken"
    CLOSED = "the graph stops at once"


class InFlight(Protocol):
    """What wants to know how many packets of a frame are under way (an admission gate)."""

    def enter(self, seq: int) -> None: ...


class Edge:
    """A queue of at most ``size`` packets between two nodes; every method is safe from any thread."""

    def __init__(self, name: str, size: int, *, drops: bool = False, gate: InFlight | None = None) -> None:
        self.name, self.size, self.drops = name, size, drops
        self.dropped: Counter[str] = Counter()
        self._gate = gate
        self._items: deque[Packet] = deque()
        self._ended = self._closed = False
        self._lock = threading.Lock()
        self._not_empty = threading.Condition(self._lock)
        self._not_full = threading.Condition(self._lock)

    @property
    def depth(self) -> int:
        """Packets waiting now."""
        return len(self._items)

    def put(self, packet: Packet) -> bool:
        """Hand over a packet, waiting for room unless the edge drops; False once the edge is closed."""
        if self._gate is not None:
            self._gate.enter(packet.frame.seq)
        with self._lock:
            while len(self._items) >= self.size and not self._closed:
                if self.drops:
                    self._items.popleft()
                    self.dropped["consumer busy"] += 1
                else:
                    self._not_full.wait()
            if self._closed:
                return False
            self._items.append(packet)
            self._not_empty.notify()
            return True

    def get(self, timeout: float | None = None) -> Packet | Signal:
        """The oldest packet; a Signal where there is none (see there). Waits ``timeout`` seconds, or for ever."""
        with self._lock:
            while not self._items:
                if self._closed:
                    return Signal.CLOSED
                if self._ended:
                    return Signal.END
                if not self._not_empty.wait(timeout):
                    return Signal.EMPTY
            if self._closed:
                return Signal.CLOSED
            self._not_full.notify()
            return self._items.popleft()

    def end(self) -> None:
        """No packet will follow: what is queued is still delivered, then END."""
        with self._lock:
            self._ended = True
            self._not_empty.notify_all()

    def close(self) -> None:
        """Stop at once: everybody who waits wakes, queued packets are let go and counted."""
        with self._lock:
            self._closed = True
            if self._items:
                self.dropped["stopped"] += len(self._items)
                self._items.clear()
            self._not_empty.notify_all()
            self._not_full.notify_all()
