"""Kinds where things cross: where a face and a hand may both have come to a region, what it looks like counts."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt

from rtskin.roi.found import FoundRegion
from rtskin.roi.tracks.track import Track
from rtskin.roi.tracks.votes import FACE, HAND

#: Probabilities of (face, hand, other) of regions.
Look = Callable[[Sequence[FoundRegion]], list[tuple[float, float, float]]]
#: What it costs, in sizes apart, to be surely of the other kind: as much as to be at the end of what may be (FAR).
UNLIKE = 1.6
#: What is this near to where something that was just seen is expected, in sizes, is that: nobody has to look.
CLEAR = 0.15
#: Regions of a frame that are looked at for this, at most.
MOST = 4
#: What a face is not, and a hand.
_OTHER = {FACE: HAND, HAND: FACE}


def unlike(
    tracks: Sequence[Track], regions: Sequence[FoundRegion], costs: npt.NDArray[np.float64], never: float, look: Look
) -> npt.NDArray[np.float64]:
    """What a pair costs beside its distance: n tracks × m regions, 0 … UNLIKE.

    costs: n×m, of the distances; from ``never`` on it cannot be. Only regions that both a sure face and a sure hand may be,
    and that are just where none of them was expected, are looked at; most frames have none.
    """
    more, possible = np.zeros(costs.shape), costs < never
    kinds = [track.votes.kind for track in tracks]
    of = {kind: np.array([one == kind for one in kinds], bool) for kind in _OTHER}
    either = possible[of[FACE]].any(0) & possible[of[HAND]].any(0)
    if not either.any():
        return more
    seen = np.array([not track.hidden for track in tracks])
    contested = np.flatnonzero(either & (costs[seen].min(0, initial=never) > CLEAR))[:MOST].tolist()
    if not contested:
        return more
    said = np.array(look([regions[number] for number in contested]))
    for kind, other in _OTHER.items():
        more[np.ix_(of[kind], contested)] = UNLIKE * said[:, other]
    return more
