"""The tracker: the regions of one mask after another → the things they are, with ids that stay.

A frame goes: predict where everything is by now; match; divide regions that several things share, and cut those that have a
neck; hold what is covered, let go what left; take up what is new.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from rtskin.frame import Frame, Region, RegionEvent, Regions
from rtskin.roi.found import FoundRegion
from rtskin.roi.regions.necks import split_at_necks
from rtskin.roi.tracks.clock import Clock, Tick
from rtskin.roi.tracks.kinds import Look, Once, give_back, rather, refuses
from rtskin.roi.tracks.matching import NEVER, cost, match
from rtskin.roi.tracks.memory import Memory, leaves
from rtskin.roi.tracks.report import as_region
from rtskin.roi.tracks.shared import expected_inside, parts_of, unexplained
from rtskin.roi.tracks.track import Track, distance

#: A track whose region was not found is in one, with another, that so much of its shape is expected in.
COVERED = 0.4
#: A region this much larger than the thing in it may have another one in it.
GREW = 1.2
#: A crumb this small beside what it touches becomes part of it.
CRUMB = 0.1
#: What was one thing so far is looked at for a neck every so many frames, and cut if it is there so often in a row.
NECK_EVERY, NECKS = 3, 3
#: What is below this share of the frame, 60×60 pixels at 720p, has to be seen twice as often: small things are often noise.
SMALL = 0.004
#: Regions a frame that are shown to the classifier: new ones, and those it knows, which may wait.
LOOKS, AGAIN = 4, 1

Labeller = Callable[[Frame, Sequence[FoundRegion]], list[tuple[float, float, float]]]
Size = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Habits:
    """hold: seconds that a covered thing is held, at most. memory: seconds after which what left comes back as a new one.

    confirm: frames in a row in which a new thing has to be seen before it is told of (small ones: twice as many); what is
    there in the first frame of a stream or shot is told of at once. steady: boxes go through a One-Euro filter. cuts: things
    end where a shot does.
    """

    hold: float = 1.0
    memory: float = 2.0
    confirm: int = 2
    steady: bool = True
    cuts: bool = True


class Tracker:
    """Takes the regions of a stream's frames in order; one stream, one thread at a time.

    labeller: says what regions are. It is shown those of which a look is due, and those that a face and a hand may both have
    come to. One whose attribute ``compares`` is true (it tells regions by each other, as the published heuristic does) is
    shown all that are seen by themselves, whenever a look at one is due; where things cross it is not asked.
    """

    def __init__(self, habits: Habits | None = None, labeller: Labeller | None = None) -> None:
        self.habits = habits or Habits()
        self._labeller = labeller
        self._clock = Clock(self.habits.cuts)
        self._memory = Memory(self.habits.memory)
        self._tracks: list[Track] = []
        self._ids = 0
        self._before = 0.0
        self._fresh = True
        self._events: list[RegionEvent] = []

    def __call__(self, frame: Frame, found: Sequence[FoundRegion]) -> Regions:
        """found: as rtskin.roi.components.find_regions gives them, also those that are not strong."""
        size = (frame.width, frame.height)
        tick = self._clock(frame)
        self._events = []
        if tick.broke:
            self._end()
        for track in self._tracks:
            track.predict(tick.seconds, self._before)
        self._follow(frame, found, tick, size)
        self._part_with_unseen(tick, size)
        self._look(frame, tick)
        for track in self._tracks:
            if not track.id and (self._fresh or track.sightings >= self._enough(track, size)):
                self._confirm(track, size)
        self._memory.forget(tick.now)
        self._fresh, self._before = False, tick.now
        return Regions(frame, self._told(tick, size), tuple(self._events))

    def _follow(self, frame: Frame, found: Sequence[FoundRegion], tick: Tick, size: Size) -> None:
        """Tracks see their regions; what is left becomes new ones."""
        strong = [region for region in found if region.strong]
        known = [track for track in self._tracks if track.id or track.cut_off]
        look = self._look_of(frame)
        pairs, unseen, rest = match(known, strong, self._before, look)
        weak, unseen, _ = match(unseen, [region for region in found if not region.strong], self._before)
        sharers = self._sharers([*pairs, *weak], unseen, rest, tick, size, look)
        rest = [region for region in rest if id(region) not in sharers]
        trying, _, rest = match([track for track in self._tracks if not (track.id or track.cut_off)], rest)
        for region, tracks in [*sharers.values(), *((region, [track]) for track, region in trying)]:
            if len(tracks) > 1:
                _see_shared(region, tracks, tick, size, look)
            else:
                self._see(tracks[0], region, tick, size)
        for region in rest:
            self._begin(split_at_necks(region, size), tick, size)

    def _sharers(
        self,
        pairs: Sequence[tuple[Track, FoundRegion]],
        unseen: Sequence[Track],
        rest: Sequence[FoundRegion],
        tick: Tick,
        size: Size,
        look: Look | None,
    ) -> dict[int, tuple[FoundRegion, list[Track]]]:
        """Which tracks are in which region, by the id of that object. Crumbs that joined one are lost."""
        sharers = {id(region): (region, [track]) for track, region in pairs}
        for track in unseen:
            into = _around(track, [*(region for _, region in pairs), *rest], size) or _joined(track, pairs, tick, size)
            if into is None:
                continue
            _, owners = sharers.setdefault(id(into), (into, []))
            # What is new there is no crumb of what it surely is not.
            if any(owner.apart for owner in owners) or not refuses(track, into, look):
                owners.append(track)
        sharers = {number: shared for number, shared in sharers.items() if shared[1]}
        for number, (region, tracks) in sharers.items():
            if len(tracks) > 1:
                whole = _without_crumbs(tracks)
                for track in tracks:
                    if track not in whole:
                        self._lose(track)
                sharers[number] = (region, whole)
        return sharers

    def _see(self, track: Track, region: FoundRegion, tick: Tick, size: Size) -> None:
        """One thing, one region. Where that has had a neck for a while it is two."""
        if track.sightings % NECK_EVERY == 0:
            parts = split_at_necks(region, size)
            track.necks = track.necks + 1 if len(parts) > 1 else 0
            if track.necks >= NECKS:
                track.necks, track.cut_off = 0, True
                region = min(parts, key=lambda part: distance(track, part))
                self._begin([part for part in parts if part is not region], tick, size, cut_off=True)
        track.see(region, tick.now, tick.seconds)

    def _begin(self, regions: Sequence[FoundRegion], tick: Tick, size: Size, *, cut_off: bool = False) -> None:
        cut_off = cut_off or len(regions) > 1
        self._tracks += [Track(region, tick.now, max(size), cut_off=cut_off) for region in regions]

    def _part_with_unseen(self, tick: Tick, size: Size) -> None:
        for track in list(self._tracks):
            if track.seen == tick.now:
                continue
            unseen = tick.now - track.seen
            if not track.id:
                self._tracks.remove(track)
                continue
            track.hide(tick.now)
            if leaves(track, size) or unseen > track.patience(self.habits.hold):
                self._lose(track)
                self._memory.add(track, size)

    def _enough(self, track: Track, size: Size) -> int:
        """Sightings until it is told of."""
        small = track.region.area < SMALL * size[0] * size[1]
        return self.habits.confirm * (2 if small else 1)

    def _confirm(self, track: Track, size: Size) -> None:
        left = self._memory.back(track, size)
        if left is None:
            self._ids += 1
            track.id = self._ids
        else:
            track.go_on_as(left)
        self._tell("found" if left is None else "back", track)

    def _look_of(self, frame: Frame) -> Look | None:
        """What tells the kind of any region of a frame by itself; None where nothing does."""
        labeller = self._labeller
        if labeller is None or _compares(labeller):
            return None
        return Once(lambda regions: labeller(frame, regions))

    def _look(self, frame: Frame, tick: Tick) -> None:
        """Show the classifier the regions for which it is most due."""
        if self._labeller is None:
            return
        seen = [track for track in self._tracks if track.seen == tick.now and not track.shared]
        due = sorted(((track.votes.due(tick.now), track) for track in seen), key=lambda pair: -pair[0])
        wanted = [track for how_much, track in due if how_much > 0]
        # What flickers is new all the time: it must not keep the others from being looked at.
        known = [track for track in wanted if not track.votes.new][:AGAIN]
        chosen = [*[track for track in wanted if track.votes.new][: LOOKS - len(known)], *known]
        if chosen and _compares(self._labeller):
            chosen = seen
        if chosen:
            said = self._labeller(frame, [track.region for track in chosen])
            for track, probabilities in zip(chosen, said, strict=True):
                track.votes.add(probabilities, tick.now)
            give_back(self._tracks)

    def _end(self) -> None:
        """Nothing goes on from here."""
        for track in list(self._tracks):
            self._lose(track)
        self._memory.clear()
        self._fresh = True

    def _lose(self, track: Track) -> None:
        self._tracks.remove(track)
        if track.id:
            self._tell("lost", track)

    def _tell(self, kind: str, track: Track) -> None:
        self._events.append(RegionEvent(kind, track.id, track.votes.best[0]))

    def _told(self, tick: Tick, size: Size) -> list[Region]:
        said = [
            as_region(track, tick.now, size, seen=track.seen == tick.now, steady=self.habits.steady)
            for track in self._tracks
            if track.id
        ]
        regions = [region for region in said if region is not None]
        return sorted(regions, key=lambda region: (-region.area, region.id))


def _compares(labeller: Labeller) -> bool:
    return bool(getattr(labeller, "compares", False))


def _joined(track: Track, pairs: Sequence[tuple[Track, FoundRegion]], tick: Tick, size: Size) -> FoundRegion | None:
    """The region of another track that has more in it than that one, where this one may have come to; it is there then."""
    for owner, region in pairs:
        if not track.apart or region.area < GREW * owner.filter.area or not owner.apart:
            continue
        more = unexplained(owner, region, size)
        if more is not None and cost(track, more, tick.now - track.seen) < NEVER:
            track.filter.reappear(more.box, track.filter.area)
            return region
    return None


def _see_shared(region: FoundRegion, tracks: Sequence[Track], tick: Tick, size: Size, look: Look | None) -> None:
    parts = parts_of(region, tracks, size)
    if len(parts) == 1 and look is not None:
        ((track, part, own),) = parts
        parts = [(rather(track, tracks, region, look), part, own)]
    for track, part, own in parts:
        track.see(part, tick.now, tick.seconds, shared=True, own=own)


def _without_crumbs(tracks: Sequence[Track]) -> list[Track]:
    """Those that go on by themselves; the largest at least."""
    largest = max(tracks, key=lambda track: (track.apart, track.filter.area))
    return [
        track
        for track in tracks
        if track is largest or (track.apart and track.filter.area >= CRUMB * largest.filter.area)
    ]


def _around(track: Track, regions: Sequence[FoundRegion], size: Size) -> FoundRegion | None:
    """The region that most of a track's shape is expected in."""
    best, most = None, COVERED
    x, y, w, h = track.filter.box
    for region in regions:
        left, top, wide, tall = region.box
        if x < left + wide and left < x + w and y < top + tall and top < y + h:
            share = expected_inside(track, region, size)
            if share > most:
                best, most = region, share
    return best
