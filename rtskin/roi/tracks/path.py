"""Where a thing went lately, and whether it went anywhere: what shakes has a speed, and stays about where it is."""

from __future__ import annotations

import math
from collections import deque
from itertools import pairwise

from rtskin.frame import Box

#: Seconds of its way that are looked at, and the least of them that tell anything.
WAY, LEAST = 0.6, 0.1


class Path:
    """The middles of a box over the last 0.6 s. Times are seconds of the stream."""

    def __init__(self, now: float, box: Box) -> None:
        self._points = deque([(now, middle(box))])

    def add(self, now: float, box: Box) -> None:
        """Where it is now."""
        self._points.append((now, middle(box)))
        while now - self._points[1][0] >= WAY:
            self._points.popleft()

    @property
    def straight(self) -> float:
        """How far it came, as a share of the way that it went: 0 … 1; less where it was seen for a moment only."""
        (begun, start), (now, end) = self._points[0], self._points[-1]
        way = sum(math.dist(one, other) for (_, one), (_, other) in pairwise(self._points))
        known = min(1.0, (now - begun) / LEAST)
        return known * math.dist(start, end) / way if way else known


def middle(box: Box) -> tuple[float, float]:
    """Of a box, in pixels."""
    return box[0] + box[2] / 2, box[1] + box[3] / 2
