"""Necks: a region that is two things touching, told by its shape.

The distance of each pixel to the region's border says how thick the region is there. What is left of it where it is thicker
than a neck falls into cores, one a thing; each pixel goes to the core that is nearest. A thing is no finger: its core must
be thick beside the whole, and the neck thin beside the core.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.roi.components import assemble
from rtskin.roi.found import FoundRegion

Bools = npt.NDArray[np.bool_]

#: A thing is at least this thick beside the thickest one: fingers have 0.3 of a palm, a hand has 0.6 of a face.
THICK = 0.45
#: A neck is at most this thick beside the thinner thing it joins: a wrist has 0.8 of a forearm.
NECK = 0.6
#: Pixels of the longer side that are looked at: more say no more.
SIDE = 64
#: Where between the thinnest and the thickest possible neck is looked, 0 … 1.
LEVELS = (0.0, 0.1, 0.2, 0.35, 0.6, 1.0)
#: A region thinner than so many pixels of the mask, at its thickest, is not looked at.
LEAST = 3.0


def split_at_necks(
    region: FoundRegion, frame_size: tuple[int, int], neck: float = NECK, thick: float = THICK
) -> list[FoundRegion]:
    """The things that touch in ``region``, the largest first; [region] if it is one thing.

    neck: how thick a neck may be beside the thinner thing, 0 … 1. thick: how thick a thing has to be beside the thickest.
    """
    cores = _cores(region.mask, neck, thick)
    if cores is None:
        return [region]
    height, width = region.mask.shape
    nearest = cv2.distanceTransformWithLabels((~cores).astype(np.uint8), cv2.DIST_L2, 5)[1]
    nearest = cv2.resize(nearest.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST)
    parts = [part_of(region, nearest == number, frame_size) for number in range(1, int(nearest.max()) + 1)]
    whole = [part for part in parts if part is not None]
    return sorted(whole, key=lambda part: -part.area) if len(whole) > 1 else [region]


def part_of(region: FoundRegion, chosen: Bools, frame_size: tuple[int, int]) -> FoundRegion | None:
    """The part of a region where ``chosen`` (bool h×w, of its mask) is true; None where that is nothing."""
    pixels = np.where(chosen, region.mask, np.uint8(0))
    x, y, w, h = cv2.boundingRect(pixels)
    if not w:
        return None
    tight = np.ascontiguousarray(pixels[y : y + h, x : x + w])
    left, top = region.mask_box[:2]
    return assemble(tight, (left + x, top + y), region.mask_size, frame_size, region.score)


def _cores(mask: U8, neck: float, thick: float) -> Bools | None:
    """bool h×w, true in the cores, of every so many-th pixel if the mask is large; None where there are fewer than two."""
    by = max(1, -(-max(mask.shape) // SIDE))
    some = mask[by // 2 :: by, by // 2 :: by]
    # A pixel of nothing around it: where the crop ends, the region does.
    padded = np.zeros((some.shape[0] + 2, some.shape[1] + 2), np.uint8)
    padded[1:-1, 1:-1] = some
    depth = cv2.distanceTransform(padded, cv2.DIST_L2, 3)
    most = float(depth.max())
    if most * by < LEAST:
        return None
    for share in LEVELS:
        level = neck * most * (thick + share * (1 - thick))
        count, labels = cv2.connectedComponents((depth > level).astype(np.uint8))
        if count < 3:
            continue
        peaks = [float(depth[labels == number].max()) for number in range(1, count)]
        cores = [number for number, peak in enumerate(peaks, 1) if peak >= max(thick * most, level / neck)]
        if len(cores) > 1:
            return np.isin(labels, cores)[1:-1, 1:-1]
    return None
