"""Shared regions: two or more things that touch are one region, and still go on as what they are.

Each is looked for in the region by the shape it had when it was last seen by itself, from where it is expected on: its
pixels are to be inside, and where no other's are. Pixels that no shape explains go to the nearest. What shows too little of
its own is covered by the others; what was covered or lost already shows only where those that were seen leave something.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.regions.necks import part_of
from rtskin.roi.tracks.shape import Whole, share_inside
from rtskin.roi.tracks.track import Track

#: A share of a shape that no other explains, from which it is seen; and the share of it that has to be inside.
OWN, INSIDE = 0.12, 0.4
#: What a pixel of a shape counts where another shape is, too; outside it counts −1, and 1 where it is alone.
SHARED = 0.3
#: What it costs to be a whole size away from where it is expected.
PULL = 1.5
#: (steps to each side, pixels of the mask a step) of the search, coarse to fine.
SEARCH = ((4, 4), (3, 1))
ROUNDS = 2
#: Pixels of the mask: what is thinner, along the border of a shape, is of it.
RIM = 5


def parts_of(
    region: FoundRegion, tracks: Sequence[Track], frame_size: tuple[int, int]
) -> list[tuple[Track, FoundRegion, float]]:
    """What of the region is which track's, and the share of its shape that is its own alone.

    Tracks that are covered are left out, one at least is not.
    """
    size = region.mask_size
    scale = (size[0] / frame_size[0], size[1] / frame_size[1])
    shapes = [track.shape.points(size) for track in tracks]
    places = np.array([_expected(track, scale, region) for track in tracks], np.int64)
    counts = np.zeros(region.mask.shape, np.int8)
    shown: list[int] = []
    # What was not seen lately takes no pixels from what was: it shows only where they leave some.
    for hidden in (False, True):
        numbers = [number for number, track in enumerate(tracks) if track.hidden is hidden]
        for number in numbers:
            put(counts, shapes[number], places[number][0], places[number][1], 1)
        _settle(region, tracks, shapes, places, counts, numbers)
        shown += [number for number in numbers if _shows(region, counts, shapes[number], places[number])]
    if len(shown) < 2:
        # One explains it all: the one of which there is most to be seen, as large ones are in front of nothing.
        alone = shown[0] if shown else max(range(len(tracks)), key=lambda number: len(shapes[number]))
        return [(tracks[alone], region, 1.0)]
    found = []
    counts[:] = 0
    for number in shown:
        put(counts, shapes[number], places[number][0], places[number][1], 1)
    owners = np.empty((len(shown), *region.mask.shape), np.bool_)
    divide(region.mask, places[shown], _sizes(shapes, shown), owners)
    for row, number in enumerate(shown):
        own = owners[row]
        put_mask(own, region.mask, shapes[number], places[number][0], places[number][1], counts)
        part = part_of(region, own, frame_size)
        if part is not None:
            alone, _ = shares(region.mask, counts, shapes[number], places[number][0], places[number][1])
            found.append((tracks[number], part, float(alone)))
    return found


def expected_inside(track: Track, region: FoundRegion, frame_size: tuple[int, int]) -> float:
    """The share of a track's shape that is inside the region, where it is expected: 0 … 1."""
    size = region.mask_size
    x, y = _expected(track, (size[0] / frame_size[0], size[1] / frame_size[1]), region)
    share: float = share_inside(track.shape.sample(size), x, y, region.mask)
    return share


def unexplained(track: Track, region: FoundRegion, frame_size: tuple[int, int]) -> FoundRegion | None:
    """The largest piece of a track's region that its shape does not explain; None where only its border is left."""
    size = region.mask_size
    scale = (size[0] / frame_size[0], size[1] / frame_size[1])
    shapes = [track.shape.points(size)]
    places = np.array([_expected(track, scale, region)], np.int64)
    counts = np.zeros(region.mask.shape, np.int8)
    put(counts, shapes[0], places[0][0], places[0][1], 1)
    _settle(region, [track], shapes, places, counts, [0])
    left = ((region.mask > 0) & (counts == 0)).astype(np.uint8)
    left = cv2.morphologyEx(left, cv2.MORPH_OPEN, np.ones((RIM, RIM), np.uint8))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(left)
    if count < 2:
        return None
    return part_of(region, labels == 1 + int(stats[1:, cv2.CC_STAT_AREA].argmax()), frame_size)


def _settle(
    region: FoundRegion,
    tracks: Sequence[Track],
    shapes: list[Whole],
    places: npt.NDArray[np.int64],
    counts: npt.NDArray[np.int8],
    numbers: Sequence[int],
) -> None:
    """Move these shapes, one after the other, to where they explain most, the others standing still; twice."""
    for _ in range(ROUNDS):
        for number in numbers:
            shape = shapes[number]
            x, y = places[number].tolist()
            put(counts, shape, x, y, -1)
            sample = tracks[number].shape.sample(region.mask_size)
            side = float(np.sqrt(len(shape)))
            at_x, at_y = x, y
            for steps, step in SEARCH:
                at_x, at_y = best_place(region.mask, counts, sample, (at_x, at_y), (x, y), steps, step, PULL / side**2)
            places[number] = at_x, at_y
            put(counts, shape, at_x, at_y, 1)


def _shows(region: FoundRegion, counts: npt.NDArray[np.int8], shape: Whole, place: npt.NDArray[np.int64]) -> bool:
    own, inside = shares(region.mask, counts, shape, place[0], place[1])
    return own >= OWN and inside >= INSIDE


def _expected(track: Track, scale: tuple[float, float], region: FoundRegion) -> tuple[int, int]:
    """The middle of its box in pixels of the region's crop."""
    x, y, w, h = track.filter.box
    left, top = region.mask_box[:2]
    return round((x + w / 2) * scale[0]) - left, round((y + h / 2) * scale[1]) - top


def _sizes(shapes: list[Whole], chosen: list[int]) -> npt.NDArray[np.float64]:
    return np.array([np.maximum(np.ptp(shapes[number], axis=0), 1) for number in chosen], np.float64)


@njit(nogil=True, cache=True)
def put(counts, points, x, y, by):  # type: ignore[no-untyped-def]
    """Add ``by`` where the shape is."""
    height, width = counts.shape
    for number in range(len(points)):
        column, row = points[number, 0] + x, points[number, 1] + y
        if 0 <= column < width and 0 <= row < height:
            counts[row, column] += by


@njit(nogil=True, cache=True)
def best_place(mask, counts, points, start, expected, steps, step, pull):  # type: ignore[no-untyped-def]
    """Where around ``start`` the shape explains most that no other does."""
    height, width = mask.shape
    best, best_x, best_y = -np.inf, start[0], start[1]
    for down in range(-steps, steps + 1):
        for across in range(-steps, steps + 1):
            x, y = start[0] + across * step, start[1] + down * step
            total = 0.0
            for number in range(len(points)):
                column, row = points[number, 0] + x, points[number, 1] + y
                if not (0 <= column < width and 0 <= row < height) or mask[row, column] == 0:
                    total -= 1.0
                elif counts[row, column] > 0:
                    total += SHARED
                else:
                    total += 1.0
            score = total / len(points) - pull * ((x - expected[0]) ** 2 + (y - expected[1]) ** 2)
            if score > best:
                best, best_x, best_y = score, x, y
    return best_x, best_y


@njit(nogil=True, cache=True)
def shares(mask, counts, points, x, y):  # type: ignore[no-untyped-def]
    """Of a shape that is among ``counts``: the share that it alone explains, and the share inside the mask."""
    height, width = mask.shape
    own = inside = 0
    for number in range(len(points)):
        column, row = points[number, 0] + x, points[number, 1] + y
        if 0 <= column < width and 0 <= row < height and mask[row, column] > 0:
            inside += 1
            own += counts[row, column] == 1
    return own / len(points), inside / len(points)


@njit(nogil=True, cache=True)
def divide(mask, places, sizes, owners):  # type: ignore[no-untyped-def]
    """owners: bool n×h×w; true for the one whose middle is nearest to the pixel, in its own sizes."""
    height, width = mask.shape
    for row in range(height):
        for column in range(width):
            best, nearest = np.inf, -1
            if mask[row, column]:
                for number in range(len(places)):
                    across = (column - places[number, 0]) / sizes[number, 0]
                    down = (row - places[number, 1]) / sizes[number, 1]
                    apart = across * across + down * down
                    if apart < best:
                        best, nearest = apart, number
            for number in range(len(places)):
                owners[number, row, column] = number == nearest


@njit(nogil=True, cache=True)
def put_mask(own, mask, points, x, y, counts):  # type: ignore[no-untyped-def]
    """Of what shapes explain, only what this shape does is its own; of the rest, what ``own`` says already."""
    height, width = mask.shape
    for row in range(height):
        for column in range(width):
            if counts[row, column] > 0:
                own[row, column] = False
    for number in range(len(points)):
        column, row = points[number, 0] + x, points[number, 1] + y
        if 0 <= column < width and 0 <= row < height and mask[row, column] > 0:
            own[row, column] = True
