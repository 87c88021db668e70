"""FoundRegion: a region of skin as it was found in one mask, before anything is known of its past."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8, Box

Points = npt.NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class FoundRegion:
    """One region of one mask.

    box: x, y, w, h in pixels of the frame. area: pixels of the frame. score: mean probability inside, 0 … 1.
    mask: uint8 h×w, 0 … 255, the soft mask inside ``mask_box``, 0 where a pixel is not of this region.
    mask_box: x, y, w, h in pixels of the mask. mask_size: width, height of the whole mask, which covers the whole frame.
    strong: enough of it is surely skin to make a region of it by itself; else it only carries on what was there already.
    outline: float32 n×2, x and y in pixels of the frame; None where it was not asked for.
    """

    box: Box
    area: float
    score: float
    mask: U8
    mask_box: tuple[int, int, int, int]
    mask_size: tuple[int, int]
    strong: bool = True
    outline: Points | None = None
