"""What became of all regions of a stream, in bounded memory: for a picture of it afterwards."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rtskin.frame import RegionEvent, Regions
from rtskin.roi.trails import middle, time_of

#: Moments that are kept at most: one region at one frame, or a frame without any. More than a plot has pixels.
MOMENTS = 30_000
#: Events that are kept at most.
EVENTS = 2_000


@dataclass(frozen=True, slots=True)
class Moment:
    """A region at a frame. x, y: its middle in pixels."""

    id: int
    x: float
    y: float
    label: str
    held: bool


@dataclass(frozen=True, slots=True)
class Span:
    """A stretch of a track in which it kept its label and its state; seconds."""

    start: float
    end: float
    label: str
    held: bool


class History:
    """Takes the regions of each frame.

    An endless stream is thinned out: whenever the room is full, every second frame of what is kept goes, and of those that
    come only one in ``stride`` is kept.
    """

    def __init__(self, moments: int = MOMENTS, events: int = EVENTS) -> None:
        self._most, self._most_events = moments, events
        self.frames = 0
        #: One frame in so many is kept; of the events, one in so many.
        self.stride = self.event_stride = 1
        self.size = (0, 0)
        self._kept: list[tuple[float, tuple[Moment, ...]]] = []
        self._room = moments
        self._events: list[tuple[float, RegionEvent]] = []
        self._seen_events = 0
        self._last, self._offset = -math.inf, 0.0

    def add(self, regions: Regions) -> None:
        """The regions of the next frame."""
        frame = regions.frame
        now = self._time(time_of(frame))
        self.size = (max(self.size[0], frame.width), max(self.size[1], frame.height))
        if self.frames % self.stride == 0:
            moments = tuple(
                Moment(region.id, *middle(region), region.label, region.state == "held") for region in regions.regions
            )
            self._kept.append((now, moments))
            self._room -= max(1, len(moments))
        self.frames += 1
        for event in regions.events:
            if self._seen_events % self.event_stride == 0:
                self._events.append((now, event))
            self._seen_events += 1
        self._thin()

    @property
    def events(self) -> list[tuple[float, RegionEvent]]:
        """(seconds, event), in their order."""
        return list(self._events)

    def paths(self) -> dict[int, list[list[tuple[float, float]]]]:
        """By id, the stretches of its way: x, y in pixels of the frame. A new one begins where it was away."""
        paths: dict[int, list[list[tuple[float, float]]]] = {}
        before: set[int] = set()
        for _, moments in self._kept:
            for moment in moments:
                ways = paths.setdefault(moment.id, [])
                if moment.id not in before:
                    ways.append([])
                ways[-1].append((moment.x, moment.y))
            before = {moment.id for moment in moments}
        return paths

    def spans(self) -> dict[int, list[Span]]:
        """By id, in the order in which they were found."""
        done: dict[int, list[Span]] = {}
        current: dict[int, Span] = {}
        for now, moments in self._kept:
            there = {moment.id: moment for moment in moments}
            for number in [number for number in current if number not in there]:
                done[number].append(current.pop(number))
            for number, moment in there.items():
                done.setdefault(number, [])
                span = current.get(number)
                if span is not None and (span.label, span.held) != (moment.label, moment.held):
                    done[number].append(Span(span.start, now, span.label, span.held))
                    span = None
                start = now if span is None else span.start
                current[number] = Span(start, now, moment.label, moment.held)
        for number, span in current.items():
            done[number].append(span)
        return done

    def _time(self, now: float) -> float:
        """Where a source begins anew, its time goes on from where it was."""
        self._offset += max(0.0, self._last - (now + self._offset))
        self._last = now + self._offset
        return self._last

    def _thin(self) -> None:
        while self._room < 0:
            self._kept = self._kept[::2]
            self.stride *= 2
            self._room = self._most - sum(max(1, len(moments)) for _, moments in self._kept)
        if len(self._events) > self._most_events:
            self._events = self._events[::2]
            self.event_stride *= 2
