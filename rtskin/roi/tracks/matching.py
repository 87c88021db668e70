"""Which region is which track: the pairs that together are the least far apart.

In stages, as in ByteTrack (Zhang et al., ECCV 2022): first surely skin with what is known well, then what is left of each.
Within a stage the assignment is the best one (Kuhn, "The Hungarian Method for the Assignment Problem", 1955).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from rtskin.roi.found import FoundRegion
from rtskin.roi.tracks.kinds import Look, unlike
from rtskin.roi.tracks.track import Track, distance

#: Sizes apart that a track and its region may be, and at most where its place is in doubt.
NEAR, FAR = 0.9, 1.6
#: Deviations of its place that a track may be off.
DEVIATIONS = 2.0
#: What twice the area counts, in sizes apart; larger or smaller by more than RATIO is something else.
AREA, RATIO = 0.25, 5.0
#: Sizes more, for a second of not being seen.
FARTHER = 2.0

#: The cost of no pair.
NEVER = 1e6


def match(
    tracks: Sequence[Track], regions: Sequence[FoundRegion], before: float = 0.0, look: Look | None = None
) -> tuple[list[tuple[Track, FoundRegion]], list[Track], list[FoundRegion]]:
    """(pairs, tracks without a region, regions without a track), each in the order given. before: time of the last frame.

    look: tells what regions are, where a face and a hand may be the same one; None: nothing does.
    """
    if not tracks or not regions:
        return [], list(tracks), list(regions)
    costs = np.array(
        [[cost(track, region, before - track.seen if track.hidden else 0.0) for region in regions] for track in tracks]
    )
    if look is not None:
        costs += unlike(tracks, regions, costs, NEVER, look)
    from scipy.optimize import linear_sum_assignment  # late: it takes as long to load as all of numba

    rows, columns = linear_sum_assignment(costs)
    chosen = [(int(row), int(column)) for row, column in zip(rows, columns, strict=True) if costs[row, column] < NEVER]
    pairs = [(tracks[row], regions[column]) for row, column in chosen]
    matched, taken = {row for row, _ in chosen}, {column for _, column in chosen}
    return (
        pairs,
        [track for number, track in enumerate(tracks) if number not in matched],
        [region for number, region in enumerate(regions) if number not in taken],
    )


def cost(track: Track, region: FoundRegion, hidden: float = 0.0) -> float:
    """How unlike they are, in sizes; NEVER where they cannot be one thing.

    hidden: seconds for which it was not seen, up to the frame before.
    """
    apart = distance(track, region)
    far = FAR + FARTHER * hidden if hidden > 0 else FAR
    if apart > min(far, NEAR + DEVIATIONS * track.filter.doubt / track.filter.size):
        return NEVER
    larger = math.log2(max(region.area, 1.0) / max(track.filter.area, 1.0))
    if hidden > 0 and larger < 0:
        return apart + AREA * min(-larger, 1.0)
    return NEVER if abs(larger) > math.log2(RATIO) else apart + AREA * abs(larger)
