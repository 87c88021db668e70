"""When the next live frame may enter a group of nodes: pure logic, the caller brings the clock.

Frames are dropped only before a group of nodes, never inside it, so every frame that enters is worth the work. Let in
too late, the slowest node idles; too early, the frame grows old in a queue. So a frame enters just in time: when the
slowest node is expected to be free by the moment the frame reaches it.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Mapping, Sequence

#: Service times that an estimate looks back on. The median of so few follows a switched model within half a second and
#: ignores a single hiccup.
WINDOW = 9
#: Before so many packets of every node were timed, one frame at a time goes through: the first runs compile and allocate.
WARM = 3
#: Frames between two estimates: sorting the times of all nodes for every frame cost a tenth of the graph's own CPU.
EVERY = 4
#: Seconds it takes to hand a packet to the next thread on a busy two-core machine (measured 0.05 to 0.2 ms).
HANDOFF = 0.15e-3


class Admission:
    """Decides for one group. ``upstream[node]`` names the group's nodes before it; ``workers[node]`` defaults to one."""

    def __init__(self, upstream: Mapping[str, Sequence[str]], workers: Mapping[str, int] | None = None) -> None:
        self._upstream = {node: tuple(before) for node, before in upstream.items()}
        self._workers = {node: (workers or {}).get(node, 1) for node in upstream}
        self._service: dict[str, deque[float]] = {node: deque(maxlen=WINDOW) for node in upstream}
        self._running: dict[str, dict[int, float]] = {node: {} for node in upstream}
        self._last_started = dict.fromkeys(upstream, -1)
        self._under_way: dict[int, int] = {}
        self._period = self._lead = 0.0
        self._completed = 0
        #: The node that sets the pace; None until every node was timed.
        self.slowest: str | None = None

    def enter(self, seq: int, packets: int = 1) -> None:
        """A frame enters the group at so many places at once."""
        self._under_way[seq] = self._under_way.get(seq, 0) + packets

    def started(self, node: str, seq: int, now: float) -> None:
        """``node`` begins to work on the frame. Only what the slowest node starts and finishes is needed."""
        self._running[node][seq] = now
        self._last_started[node] = max(seq, self._last_started[node])

    def timed(self, node: str, seconds: float) -> None:
        """``node`` worked so long on a frame."""
        self._service[node].append(seconds)

    def finished(self, node: str, seq: int, taken: int, given: int) -> None:
        """``node`` took so many packets of the frame and gives so many to nodes of the group; not needed if as many."""
        self._running[node].pop(seq, None)
        left = self._under_way.get(seq, 0) + given - taken
        if left > 0:
            self._under_way[seq] = left
        else:
            self._under_way.pop(seq, None)
            self._estimate()

    def ready_at(self, now: float) -> float:
        """When the next frame may enter: ``now`` for at once, infinity for not before something happens."""
        if not self._under_way:
            return now
        if self.slowest is None or max(self._under_way) > self._last_started[self.slowest]:
            return math.inf
        running = self._running[self.slowest]
        if len(running) < self._workers[self.slowest]:
            return now
        return min(running.values()) + self._period - self._lead

    def _estimate(self) -> None:
        self._completed += 1
        if self.slowest is not None and self._completed % EVERY:
            return
        if any(len(times) < WARM for times in self._service.values()):
            return
        typical = {node: sorted(times)[len(times) // 2] for node, times in self._service.items()}
        slowest = max(typical, key=lambda node: typical[node] / self._workers[node])
        if self.slowest not in (None, slowest):
            self._running[self.slowest].clear()  # what it still works on is no longer reported
        self.slowest = slowest
        self._period = typical[self.slowest]
        # Nodes on parallel branches are counted as if in a row: rather a little early than a node that idles.
        before = self._upstream[self.slowest]
        self._lead = sum(typical[node] for node in before) + HANDOFF * (len(before) + 1)
