"""The square around a region, as a network takes it, and the way back to the frame."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from rtskin.frame import F32, U8, Box
from rtskin.media import cv2
from rtskin.roi.crops import square
from rtskin.roi.squares import square_around

#: Of the larger side of a region's box, added at each side where the region comes without a padded square.
PADDING = 0.25


class Crop(NamedTuple):
    """rgb: uint8 n×n×3, black beyond the frame. left, top, side: where it is, in whole pixels of the frame."""

    rgb: U8
    left: int
    top: int
    side: int

    def to_frame(self, points: F32) -> F32:
        """N×3 (x, y, z) in parts of the crop's side → pixels of the frame; z in the same scale."""
        return (points * self.side + (self.left, self.top, 0)).astype(np.float32)


def padded_square(box: Box, padding: float = PADDING) -> Box:
    """The square around the middle of a box, larger by ``padding`` of the box's larger side at each side."""
    return square_around(box, 1 + 2 * padding)


def crop_square(bgr: U8, box: Box, most: int) -> Crop | None:
    """The square ``box`` of a frame (uint8 H×W×3), its side at most ``most`` pixels; None where all of it is outside."""
    left, top, side = math.floor(box[0]), math.floor(box[1]), max(1, math.ceil(max(box[2:])))
    picture = square(bgr, (left, top, side, side), most)
    return None if picture is None else Crop(cv2.cvtColor(picture, cv2.COLOR_BGR2RGB), left, top, side)
