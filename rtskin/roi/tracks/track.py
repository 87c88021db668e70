"""Track: one thing through time."""

from __future__ import annotations

import math
from typing import NamedTuple

from rtskin.roi.found import FoundRegion
from rtskin.roi.tracks.kalman import BoxFilter
from rtskin.roi.tracks.path import Path, middle
from rtskin.roi.tracks.shape import Shape
from rtskin.roi.tracks.steady import SteadyBox
from rtskin.roi.tracks.votes import Votes

#: Seconds that a track has to be seen by itself before it goes on as one of two in a region that they share: a crumb that a
#: region lost for some frames is no second thing.
APART = 0.2
#: Of what was estimated among several, the filter believes so much where it is all its own, and at least so much.
SHARED_TRUST, LEAST_TRUST = 0.5, 0.05
#: A thing that was seen for longer than the first is held, when it is covered, for so many times as long as it was longer:
#: what was there for three frames was noise.
BRIEF, HELD_FOR = 0.1, 3.0
#: A thing that shows this share of the area it had lately is taken for all there is of it; the seconds in which what it had
#: is forgotten.
WHOLE, FORGETS = 0.93, 1.5
#: Seconds in which a thing goes behind another, at most.
GOES_BEHIND = 1.0


#: What came this share of its way went straight: borders tremble, and a hand goes in a bow.
STRAIGHT = 0.8


class Whole(NamedTuple):
    """A track when all there is of it was last seen. straight: how straight it went then."""

    region: FoundRegion
    shape: Shape
    filter: BoxFilter
    time: float
    straight: float


class Track:
    """Made of the region it was first seen as. Times are seconds of the stream.

    id: 0 until it is confirmed.
    """

    def __init__(self, region: FoundRegion, now: float, scale: float, *, cut_off: bool = False) -> None:
        self.id = 0
        self.region = region
        self.shape = Shape(region)
        self.filter = BoxFilter(region.box, region.area)
        self.steady = SteadyBox(region.box, scale)
        self.votes = Votes()
        self.first = self.seen = self.entered = now
        #: Where it was seen first.
        self.entry = region.box
        self.sightings = 1
        #: Seconds in which it was seen by itself.
        self.alone = 0.0
        #: Cut off a larger region at a neck: surely a thing of its own.
        self.cut_off = cut_off
        #: Frames in a row in which its region had a neck.
        self.necks = 0
        self.shared = self.hidden = False
        #: Where it was seen last, and the middle of ``region``.
        self.last = region.box
        self._at = middle(region.box)
        self._path = Path(now, region.box)
        self._whole = Whole(region, self.shape, self.filter.copy(), now, self._path.straight)
        self._most = region.area

    @property
    def apart(self) -> bool:
        """It goes on by itself in a region that it shares."""
        return self.id > 0 and (self.cut_off or self.alone >= APART)

    def predict(self, seconds: float, before: float) -> None:
        """On to this frame, so many seconds after the last one, which was at ``before``."""
        self.filter.predict(seconds, before - self.seen if self.hidden else 0.0)

    def see(self, region: FoundRegion, now: float, seconds: float, *, shared: bool = False, own: float = 1.0) -> None:
        """It is this region now. shared: as one of several that touch; then the region is an estimate.

        own: the share of it that is no other's, too, 0 … 1: where things cover each other, they go on as they went.
        """
        if self.hidden:
            self.steady.jump(region.box)
            here = middle(region.box)
            stopped = math.dist(middle(self.last), here) < math.dist(middle(self.filter.box), here)
            self.filter.reappear(region.box, region.area, moving=not stopped)
            self._path = Path(now, region.box)
        else:
            self.steady(region.box, seconds)
            self.filter.update(region.box, region.area, max(LEAST_TRUST, SHARED_TRUST * own) if shared else 1.0)
            self._path.add(now, region.box)
        self.hidden = False
        self.region, self.seen, self.shared = region, now, shared
        self.sightings += 1
        self.last, self._at = region.box, middle(region.box)
        if not shared:
            self.alone += seconds
            self.shape = Shape(region)
            self._most = max(region.area, self._most * math.exp(-seconds / FORGETS))
            if region.area >= WHOLE * self._most:
                self._whole = Whole(region, self.shape, self.filter.copy(), now, self._path.straight)

    def hide(self, now: float) -> None:
        """It is not seen. What went behind something bit by bit is expected to be whole still."""
        if self.hidden:
            return
        self.hidden = True
        whole, straight = self._whole, self._path.straight
        if self.region.area < WHOLE * self._most and now - whole.time <= GOES_BEHIND:
            self.filter.unveil(whole.filter, now - whole.time)
            self.shape, self.region = whole.shape, whole.region
            self._at = middle(whole.region.box)
            straight = whole.straight
        # What goes to and fro is somewhere about; what went straight goes on.
        self.filter.slow_down(min(1.0, straight / STRAIGHT) ** 2)

    def go_on_as(self, before: Track) -> None:
        """It is what another track was, which is over."""
        self.id, self.first = before.id, before.first
        self.alone += before.alone
        self.votes.join(before.votes)

    def exchange(self, other: Track) -> None:
        """Each is what the other was: ids and what was said of them change places, what is seen stays where it is."""
        self.id, other.id = other.id, self.id
        self.first, other.first = other.first, self.first
        self.votes.exchange(other.votes)

    def patience(self, hold: float) -> float:
        """Seconds for which it is held when it is not seen. hold: the longest."""
        return min(hold, HELD_FOR * max(0.0, self.seen - self.first - BRIEF))

    def moved(self) -> tuple[float, float]:
        """How far it is expected to be from where it was last seen, in pixels of the frame."""
        x, y = middle(self.filter.box)
        return x - self._at[0], y - self._at[1]


def distance(track: Track, region: FoundRegion) -> float:
    """From where a track is expected to a region, in sizes of the two; of the larger one where only a bit may show of it.

    What is not seen may have gone on, behind something, or have stopped, where the mask lost it: it is expected at both.
    """
    own, other = track.filter.size, math.sqrt(region.box[2] * region.box[3])
    size = max(own, other) if track.hidden else (own + other) / 2
    places = [track.filter.box, track.last] if track.hidden else [track.filter.box]
    to = middle(region.box)
    return min(math.dist(middle(place), to) for place in places) / max(size, 1.0)
