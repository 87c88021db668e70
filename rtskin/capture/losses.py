"""Frames that a file holds but that give no picture: found by their times, while the others come out."""

from __future__ import annotations

import heapq


class Losses:
    """Counts them. Packets go in as they are read, pictures as they are decoded; pictures come in the order of showing.

    So a packet's time that a later picture has passed will not come any more. ``count``: how many; ``first``: pts of the
    first of them (None: there is none). low, high: only those with low ≤ pts < high count (None: no bound).
    """

    def __init__(self, low: int | None = None, high: int | None = None) -> None:
        self._low, self._high = low, high
        self._waiting: list[int] = []
        self._begun = False
        self.count = 0
        self.first: int | None = None

    def read(self, pts: int | None, key: bool, shown: bool) -> None:
        """A packet; shown: it is to become a picture. What lies before the first key frame cannot, and is not lost."""
        if pts is None or not (self._begun or key):
            return
        if not self._begun:
            self._begun, self._low = True, pts if self._low is None else max(pts, self._low)
        if shown and (self._low is None or pts >= self._low) and (self._high is None or pts < self._high):
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
            lost = heapq.heappop(self._waiting)
            self.count += 1
            self.first = lost if self.first is None else self.first
