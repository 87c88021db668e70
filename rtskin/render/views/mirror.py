"""The mirror image of a mask, with all that goes with it: what is painted on it then is not mirrored itself."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from rtskin.frame import U8, BgrPicture, Box, Mask, Region, Regions
from rtskin.media import cv2
from rtskin.pool import BufferPool


def mirrored(mask: Mask, pool: BufferPool) -> Mask:
    """The mask, its frame and its regions as a mirror shows them. Sides stay: the left hand is the left one there too."""
    frame = replace(mask.frame, picture=BgrPicture(flipped(mask.frame.bgr, pool)), small=None, _bgr=None)
    regions = None if mask.regions is None else _regions(mask.regions, mask.frame.width)
    return replace(mask, frame=frame, data=flipped(mask.data, pool), regions=regions)


def flipped(picture: U8, pool: BufferPool) -> U8:
    """Left and right exchanged: uint8 H×W×3 or H×W."""
    out = pool.take(picture.shape, np.uint8)
    cv2.flip(picture, 1, dst=out)
    return out


def _regions(regions: Regions, width: int) -> Regions:
    trails = {number: tuple((width - x, y) for x, y in trail) for number, trail in regions.trails.items()}
    return replace(regions, regions=[_region(region, width) for region in regions.regions], trails=trails)


def _region(region: Region, width: int) -> Region:
    return replace(
        region,
        box=_box(region.box, width),
        polygon=tuple((width - x, y) for x, y in region.polygon),
        crop_box=None if region.crop_box is None else _box(region.crop_box, width),
        velocity=(-region.velocity[0], region.velocity[1]),
        landmarks=None if region.landmarks is None else tuple((width - x, y, z) for x, y, z in region.landmarks),
    )


def _box(box: Box, width: int) -> Box:
    x, y, wide, high = box
    return width - x - wide, y, wide, high
