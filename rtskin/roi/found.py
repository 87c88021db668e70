"""FoundRegion: a region of skin as it was found in one mask, before anything is known of its past."""

from __future__ import annotations

from dataclasses import dataclass

from rtskin.frame import U8, Box


@dataclass(frozen=True, slots=True, eq=False)
class FoundRegion:
    """One region of one mask.

    box: x, y, w, h in pixels of the frame. area: pixels of the frame. score: mean probability inside, 0 … 1.
    mask: uint8 h×w, 0 … 255, the soft mask inside ``mask_box``, 0 where a pixel is not of this region.
    mask_box: x, y, w, h in pixels of the mask. mask_size: width, height of the whole mask, which covers the whole frame.
    """

    box: Box
    area: float
    score: float
    mask: U8
    mask_box: tuple[int, int, int, int]
    mask_size: tuple[int, int]
