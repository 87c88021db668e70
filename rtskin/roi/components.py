"""Regions of skin: connected components of what is more likely skin than not."""

from __future__ import annotations

import numpy as np

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Region
from rtskin.roi.runs import RunLabeller

#: Smaller regions are taken for noise: this share of the frame, about 21×21 pixels at 720p.
MIN_AREA = 0.0005


def find_regions(
    data: F32 | U8, frame_size: tuple[int, int], min_area: float = MIN_AREA, labeller: RunLabeller | None = None
) -> list[Region]:
    """The regions where ``data`` is at least one half, largest first.

    data: H×W, float32 in 0 … 1 or uint8 in 0 … 255, over the whole frame at any resolution.
    frame_size: width, height of the frame in pixels; boxes and areas are in its pixels, and lie inside it.
    min_area: smaller regions are left out; a share of the frame, 0 … 1.
    labeller: one to use again, for a stream of masks.

    ``id`` counts from 1 by size within this one frame: the same hand may have another id in the next one (nothing is
    tracked here). Pixels that touch at a corner belong together.
    """
    if data.ndim != 2 or data.dtype not in (np.uint8, np.float32):
        raise InputError(f"regions are found in H×W uint8 or float32, not in {data.dtype} of shape {data.shape}")
    eight_bit = data.dtype == np.uint8
    stats, sums = (labeller or RunLabeller())(data, 128.0 if eight_bit else 0.5)
    smallest = min_area * data.size
    kept = [
        (*stat, total / 255 if eight_bit else total)
        for stat, total in zip(stats.tolist(), sums.tolist(), strict=True)
        if stat[4] >= smallest
    ]
    # By size; of two alike the upper, then the left one, so that the order says nothing of how they were found.
    kept.sort(key=lambda found: (-found[4], found[1], found[0]))
    return [_region(number, found, data.shape, frame_size) for number, found in enumerate(kept, start=1)]


def _region(
    number: int,
    found: tuple[int, int, int, int, int, float],
    mask_size: tuple[int, ...],
    frame_size: tuple[int, int],
) -> Region:
    left, top, right, bottom, pixels, total = found
    height, width = mask_size
    x, x_end = _span(left, right, width, frame_size[0])
    y, y_end = _span(top, bottom, height, frame_size[1])
    area = round(pixels * frame_size[0] * frame_size[1] / (width * height))
    return Region(number, (x, y, x_end - x, y_end - y), max(1, area), min(1.0, total / pixels))


def _span(start: int, end: int, of: int, onto: int) -> tuple[int, int]:
    """A stretch of mask pixels in frame pixels: every frame pixel that it touches, so at least one."""
    return start * onto // of, -(-end * onto // of)
