"""Regions of skin: connected components with hysteresis, their small holes filled, and their outlines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Box
from rtskin.roi.found import FoundRegion
from rtskin.roi.regions.limits import NO_LIMIT, Limits
from rtskin.roi.regions.outline import filled, outline_of
from rtskin.roi.runs import PIXELS, STRONG, RunLabeller

#: Smaller regions are taken for noise: this share of the frame, about 21×21 pixels at 720p.
MIN_AREA = 0.0005
#: A region is what is connected and at least LOW, if some of it is at least HIGH.
LOW, HIGH = 0.5, 0.7
#: So much of the smallest region there may be has to be at least HIGH: one bright pixel makes no region.
SURE = 0.25
#: Regions of a frame at most; the largest.
MOST = 64


@dataclass(frozen=True, slots=True)
class Rules:
    """What counts as a region.

    low, high: probabilities, 0 < low ≤ high ≤ 1. min_area: share of the frame, 0 … 1. limits: of the box's longer side.
    most: regions of a frame, the largest.
    """

    low: float = LOW
    high: float = HIGH
    min_area: float = MIN_AREA
    limits: Limits = NO_LIMIT
    most: int = MOST


DEFAULT = Rules()


def find_regions(
    data: F32 | U8, frame_size: tuple[int, int], rules: Rules = DEFAULT, labeller: RunLabeller | None = None
) -> list[FoundRegion]:
    """The regions of one mask by themselves, largest first; those that are not ``strong`` are among them.

    data: H×W, float32 in 0 … 1 or uint8 in 0 … 255, over the whole frame at any resolution.
    frame_size: width, height of the frame in pixels; boxes and areas are in its pixels, and lie inside it.
    labeller: one to use again, for a stream of masks.

    A box ends where the mask crosses ``low`` between two of its pixels, so it moves by less than a pixel of the mask.
    Pixels that touch at a corner belong together. Holes that are small beside their region are filled.
    """
    if data.ndim != 2 or data.dtype not in (np.uint8, np.float32):
        raise InputError(f"regions are found in H×W uint8 or float32, not in {data.dtype} of shape {data.shape}")
    labeller = labeller or RunLabeller()
    full = 255 if data.dtype == np.uint8 else 1
    # The least byte that is at least one half is 128.
    low, high = (np.ceil(rules.low * 255), np.ceil(rules.high * 255)) if full == 255 else (rules.low, rules.high)
    stats, sums = labeller(data, low, high)
    kept = _kept(stats, data.size, rules)
    found = []
    for number, (pixels, exact) in zip(kept, labeller.crops(data, low, kept), strict=True):
        score = float(sums[number]) / (full * int(stats[number, PIXELS]))
        strong = bool(stats[number, STRONG] >= max(1.0, SURE * rules.min_area * data.size))
        left, top = int(stats[number, 0]), int(stats[number, 1])
        mask_size = (data.shape[1], data.shape[0])
        region = assemble(pixels, (left, top), mask_size, frame_size, min(1.0, score), exact, strong)
        if rules.limits.admit(region.box, frame_size):
            found.append(region)
    # By size; of two alike the upper, then the left one, so that the order says nothing of how they were found.
    found.sort(key=lambda region: (-region.area, region.mask_box[1], region.mask_box[0]))
    return found


def assemble(
    pixels: U8,
    at: tuple[int, int],
    mask_size: tuple[int, int],
    frame_size: tuple[int, int],
    score: float,
    exact: tuple[float, float, float, float] | None = None,
    strong: bool = True,
) -> FoundRegion:
    """A region made of its pixels, holes filled. at: left, top of them in the mask. exact: its borders, in mask pixels."""
    height, width = pixels.shape
    pixels, outline = filled(pixels)
    across, down = frame_size[0] / mask_size[0], frame_size[1] / mask_size[1]
    if exact is None:
        exact = (at[0], at[1], at[0] + width, at[1] + height)
    return FoundRegion(
        box=_box(exact, across, down),
        area=float(np.count_nonzero(pixels)) * across * down,
        score=score,
        mask=pixels,
        mask_box=(*at, width, height),
        mask_size=mask_size,
        strong=strong,
        outline=outline_of(outline, at, (across, down)),
    )


def _kept(stats: np.ndarray[tuple[int, ...], np.dtype[np.int64]], size: int, rules: Rules) -> list[int]:
    """Numbers of the components that are large enough, the largest ``most`` of them."""
    large = np.flatnonzero(stats[:, PIXELS] >= max(1.0, rules.min_area * size))
    if len(large) > rules.most:
        order = np.argsort(-stats[large, PIXELS], kind="stable")
        large = large[order[: rules.most]]
    kept: list[int] = large.tolist()
    return kept


def _box(exact: tuple[float, float, float, float], across: float, down: float) -> Box:
    left, top, right, bottom = exact
    # A region of one pixel that just reaches the threshold has no extent otherwise.
    wide, tall = max(right - left, 0.5), max(bottom - top, 0.5)
    return left * across, top * down, wide * across, tall * down
