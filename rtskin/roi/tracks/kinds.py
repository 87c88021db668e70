"""Kinds where things cross: where a face and a hand may both have come to a region, what it looks like counts.

And where that came too late, it is mended: of a face and a hand that turned into each other each is given back what it was.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rtskin.roi.found import FoundRegion
from rtskin.roi.tracks.path import middle
from rtskin.roi.tracks.track import Track
from rtskin.roi.tracks.votes import FACE, HAND, OPPOSITE, Probabilities

#: Probabilities of (face, hand, other) of regions.
Look = Callable[[Sequence[FoundRegion]], list[Probabilities]]
#: What it costs, in sizes apart, to be surely of the other kind: as much as to be at the end of what may be (FAR).
UNLIKE = 1.6
#: What is this near to where something that was just seen is expected, in sizes, is that: nobody has to look.
CLEAR = 0.15
#: From this probability on, one look is enough to say what something is not.
SURELY = 0.9
#: Regions of a frame that are looked at for this, at most.
MOST = 4


def unlike(
    tracks: Sequence[Track], regions: Sequence[FoundRegion], costs: npt.NDArray[np.float64], never: float, look: Look
) -> npt.NDArray[np.float64]:
    """What a pair costs beside its distance: n tracks × m regions, 0 … UNLIKE, or ``never``.

    costs: n×m, of the distances; from ``never`` on it cannot be. Only regions are looked at that both a sure face and a
    sure hand may be, or one that was not seen lately, and that are just where nothing was expected that was seen; most
    frames have none. What was not seen lately is never what surely looks like the other kind.
    """
    more, possible = np.zeros(costs.shape), costs < never
    kinds = np.array([-1 if track.votes.kind is None else track.votes.kind for track in tracks])
    hidden = np.array([track.hidden for track in tracks])
    face, hand = (possible[kinds == kind].any(0) for kind in (FACE, HAND))
    asked = (face & hand) | possible[hidden & (kinds >= 0)].any(0)
    if not asked.any():
        return more
    contested = np.flatnonzero(asked & (costs[~hidden].min(0, initial=never) > CLEAR))[:MOST].tolist()
    if not contested:
        return more
    said = np.array(look([regions[number] for number in contested]))
    for kind, other in OPPOSITE.items():
        of = kinds == kind
        more[np.ix_(of, contested)] = UNLIKE * said[:, other]
        more[np.ix_(of & hidden, contested)] += np.where(said[:, other] >= SURELY, never, 0.0)
    return more


def refuses(track: Track, region: FoundRegion, look: Look | None) -> bool:
    """It was not seen lately, and the region surely looks like the other kind."""
    kind = track.votes.kind if track.hidden else None
    return look is not None and kind is not None and look([region])[0][OPPOSITE[kind]] >= SURELY


class Once:
    """A look that looks at each region of a frame once."""

    def __init__(self, look: Look) -> None:
        self._look = look
        self._said: dict[int, Probabilities] = {}

    def __call__(self, regions: Sequence[FoundRegion]) -> list[Probabilities]:
        new = [region for region in regions if id(region) not in self._said]
        if new:
            self._said |= {id(region): said for region, said in zip(new, self._look(new), strict=True)}
        return [self._said[id(region)] for region in regions]


def rather(track: Track, others: Sequence[Track], region: FoundRegion, look: Look) -> Track:
    """Who is all there is to be seen of several in a region: by its shape ``track``, and by its looks another one.

    Only of a sure face and a sure hand; everything else is as the shapes say.
    """
    kind = track.votes.kind
    opposite = [] if kind is None else [other for other in others if other.votes.kind == OPPOSITE[kind]]
    if kind is None or not opposite or look([region])[0][OPPOSITE[kind]] < SURELY:
        return track
    return max(opposite, key=lambda other: other.filter.area)


def give_back(tracks: Sequence[Track]) -> None:
    """Let faces that turned into hands and hands that turned into faces change places, the nearest with each other."""
    faces, hands = ([track for track in tracks if track.id and track.votes.turned == kind] for kind in (FACE, HAND))
    pairs = ((_apart(face, hand), face, hand) for face in faces for hand in hands)
    for _, face, hand in sorted(pairs, key=lambda pair: pair[0]):
        if face.votes.turned == FACE and hand.votes.turned == HAND:
            face.exchange(hand)


def _apart(one: Track, other: Track) -> float:
    return math.dist(middle(one.last), middle(other.last))
