"""Where regions were a moment ago, and what became of them: what a single frame does not say and a view wants to show."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import replace

from rtskin.frame import Frame, Region, RegionEvent, Regions

Point = tuple[float, float]

#: Points of a trail at most, however many frames a second there are; the newest comes on top.
POINTS = 32
#: Sides of its box within which a region may be from one moment to the next: farther, it is the id that went, to whom it
#: belongs, and nothing flew there.
JUMP = 2.5


class Trails:
    """Remembers the last ``seconds`` of a stream of regions; its memory is bounded by the regions of one frame."""

    def __init__(self, seconds: float = 1.0) -> None:
        self._seconds = seconds
        self._trails: dict[int, deque[tuple[float, Point]]] = {}
        self._events: deque[tuple[float, RegionEvent]] = deque(maxlen=POINTS)
        self._last = 0.0

    def __call__(self, regions: Regions) -> Regions:
        """The same regions with their ``trails`` and ``recent`` events."""
        now = time_of(regions.frame)
        if now < self._last:  # the source began anew
            self.forget()
        self._last = now
        self._trails = {region.id: self._longer(region, now) for region in regions.regions}
        self._events.extend((now, event) for event in regions.events)
        while self._events and now - self._events[0][0] > self._seconds:
            self._events.popleft()
        trails = {
            region.id: (*(point for _, point in self._trails[region.id]), middle(region)) for region in regions.regions
        }
        return replace(regions, trails=trails, recent=tuple(event for _, event in self._events))

    def forget(self) -> None:
        """Begin anew."""
        self._trails.clear()
        self._events.clear()
        self._last = 0.0

    def _longer(self, region: Region, now: float) -> deque[tuple[float, Point]]:
        trail = self._trails.get(region.id) or deque()
        while trail and now - trail[0][0] > self._seconds:
            trail.popleft()
        if trail and math.dist(trail[-1][1], middle(region)) > JUMP * max(region.box[2:]):
            trail.clear()
        if not trail or now - trail[-1][0] >= self._seconds / POINTS:
            trail.append((now, middle(region)))
        return trail


def middle(region: Region) -> Point:
    """Of its box, in pixels of the frame."""
    x, y, width, height = region.box
    return x + width / 2, y + height / 2


def time_of(frame: Frame) -> float:
    """Seconds: of the source, or where it knows no times, since some moment of the clock."""
    return frame.captured_ns / 1e9 if frame.time is None else frame.time
