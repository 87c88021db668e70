"""Frames that a file holds but that give no picture: found by their times, while the others come out."""

from __future__ import annotations

import heapq
from bisect import bisect_left


class Losses:
    """Packets go in as they are read, pictures as they are decoded; pictures come in the order of showing.

    So a packet's time that a later picture has passed will not come any more. low, high: what counts are those with
    low ≤ pts < high (None: no bound); they may be set at any time.
    """

    def __init__(self, low: int | None = None, high: int | None = None) -> None:
        self.low, self.high = low, high
        self._waiting: list[int] = []
        self._lost: list[int] = []
        self._begin: int | None = None

    @property
    def lost(self) -> list[int]:
        """pts of those that count, in order."""
        first = 0 if self.low is None else bisect_left(self._lost, self.low)
        last = None if self.high is None else bisect_left(self._lost, self.high)
        return self._lost[first:last]

    def read(self, pts: int | None, key: bool, shown: bool) -> None:
        """A packet; shown: it is to become a picture. What lies before the first key frame cannot, and is not lost."""
        if self._begin is None and key:
            self._begin = pts
        if shown and pts is not None and self._begin is not None and pts >= self._begin:
            heapq.heappush(self._waiting, pts)

    def decoded(self, pts: int | None) -> None:
        """A picture."""
        if pts is not None:
            self._pass(pts)
            while self._waiting and self._waiting[0] == pts:
                heapq.heappop(self._waiting)

    def ended(self) -> None:
        """No picture comes any more."""
        self._pass(None)

    def _pass(self, pts: int | None) -> None:
        while self._waiting and (pts is None or self._waiting[0] < pts):
            self._lost.append(heapq.heappop(self._waiting))
