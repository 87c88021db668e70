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
#: Regions of a frame that are looked at for this, at most.
MOST = 4
#: What a face is not, and a hand.
_OTHER = {FACE: HAND, HAND: FACE}


def unlike(
    tracks: Sequence[Track], regions: Sequence[FoundRegion], possible: npt.NDArray[np.bool_], look: Look
) -> npt.NDArray[np.float64]:
    """What a pair costs beside its distance: n tracks × m regions, 0 … UNLIKE.

    possible: bool n×m, pairs that may be. Only regions that both a sure face and a sure hand may be are looked at; most
    frames have none.
    """
    costs = np.zeros(possible.shape)
    kinds = [track.votes.kind for track in tracks]
    of = {kind: np.array([one == kind for one in kinds], bool) for kind in _OTHER}
    contested = np.flatnonzero(possible[of[FACE]].any(0) & possible[of[HAND]].any(0))[:MOST].tolist()
    if not contested:
        return costs
    seen = np.array(look([regions[number] for number in contested]))
    for kind, other in _OTHER.items():
        costs[np.ix_(of[kind], contested)] = UNLIKE * seen[:, other]
    return costs
