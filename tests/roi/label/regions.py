"""Frames and regions for tests of labels."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8, BgrPicture, Box, Frame, SourceInfo
from rtskin.roi.found import FoundRegion


def frame_of(picture: U8) -> Frame:
    return Frame(0, BgrPicture(picture), SourceInfo("made", picture.shape[1], picture.shape[0]))


def region_at(box: tuple[int, int, int, int], size: tuple[int, int], step: int = 2) -> FoundRegion:
    """A full region: ``box`` in pixels of a frame of that size, whose mask is ``step`` times coarser."""
    x, y, w, h = (side // step for side in box)
    real: Box = (x * step, y * step, w * step, h * step)
    mask = np.full((h, w), 255, np.uint8)
    return FoundRegion(real, real[2] * real[3], 1.0, mask, (x, y, w, h), (size[0] // step, size[1] // step))
