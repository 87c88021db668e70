"""Thinned: which frames become a message, and what of them a reader is told."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator
from dataclasses import replace

from rtskin.frame import RegionEvent, Regions

#: Regions that are remembered to have been told of, so that they come "back" and are not "found" twice: far more than leave
#: within the seconds in which one comes back.
REMEMBERED = 1024


class Thinned:
    """A message each ``every`` frames; with ``only``, of regions with these labels.

    A label may change while a track lives. What readers are told fits together all the same: a region is found when it is
    first called by one of these labels, lost when it is no more, and a region that was never told of is never lost.
    """

    def __init__(self, every: int = 1, only: Collection[str] | None = None) -> None:
        self._every, self._only = every, frozenset(only or ())
        self._count = 0
        self._events: list[RegionEvent] = []
        self._shown: dict[int, str] = {}
        self._once: OrderedDict[int, None] = OrderedDict()

    def __call__(self, regions: Regions) -> Regions | None:
        """None: no message for this one. The first frame has one."""
        self._events += self._told(regions) if self._only else regions.events
        due = self._count % self._every == 0
        self._count += 1
        if not due:
            return None
        events, self._events = tuple(self._events), []
        found = [region for region in regions.regions if not self._only or region.label in self._only]
        return replace(regions, regions=found, events=events)

    def _told(self, regions: Regions) -> Iterator[RegionEvent]:
        """The events of a frame as they are for who sees only some labels."""
        for event in regions.events:
            if event.kind == "lost" and event.id in self._shown:
                yield RegionEvent("lost", event.id, self._shown.pop(event.id))
        for region in regions.regions:
            if region.label in self._only:
                if region.id not in self._shown:
                    yield RegionEvent("back" if region.id in self._once else "found", region.id, region.label)
                self._shown[region.id] = region.label
                self._remember(region.id)
            elif region.id in self._shown:
                yield RegionEvent("lost", region.id, self._shown.pop(region.id))

    def _remember(self, number: int) -> None:
        self._once[number] = None
        self._once.move_to_end(number)
        while len(self._once) > REMEMBERED:
            self._once.popitem(last=False)
