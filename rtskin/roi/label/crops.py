"""What is looked at of a region to tell what it is: the padded square around it, and its mask."""

from __future__ import annotations

import math

import numpy as np

from rtskin.frame import U8, Box
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.squares import square_around

#: Side of the square, as a part of the longer side of the region's box: what is beside a hand tells it from an arm, and a
#: piece of a hand is one by what is around it.
ROOM = 1.8


def square_of(box: Box, room: float = ROOM) -> Box:
    """The square that is looked at; see :func:`rtskin.roi.squares.square_around`."""
    return square_around(box, room)


def crop(picture: U8, region: FoundRegion, side: int, room: float = ROOM, out: U8 | None = None) -> U8:
    """The square around a region, scaled to side × side: uint8 side×side×4, B, G, R and the region's mask (0 … 255).

    picture: uint8 H×W×3 (BGR), the whole frame. Outside of the frame all four are 0. out: an array of that shape to fill.
    """
    square = square_of(region.box, room)
    into = np.empty((side, side, 4), np.uint8) if out is None else out
    into[..., :3] = cut(picture, square, side)
    into[..., 3] = _mask(region, picture.shape, square, side)
    return into


def cut(picture: U8, square: Box, side: int) -> U8:
    """A square of the picture, scaled to side × side; black outside of it."""
    x, y, length, _ = square
    if side >= length:
        # So close that whole pixels are too coarse a grid to cut at.
        return _warped(picture, length / side, length / side, x, y, side)
    height, width = picture.shape[:2]
    left, top = max(0, math.floor(x)), max(0, math.floor(y))
    right, bottom = min(width, math.ceil(x + length)), min(height, math.ceil(y + length))
    canvas = np.zeros((side, side, picture.shape[2]), np.uint8)
    if right <= left or bottom <= top:
        return canvas
    scale = side / length
    x0, x1 = _onto((left - x) * scale, (right - x) * scale, side)
    y0, y1 = _onto((top - y) * scale, (bottom - y) * scale, side)
    wide, tall = x1 - x0, y1 - y0
    # Four pixels of the picture for one of the crop: averaging all of a large face would take ten times as long.
    dense = cv2.resize(picture[top:bottom, left:right], (2 * wide, 2 * tall), interpolation=cv2.INTER_NEAREST)
    canvas[y0:y1, x0:x1] = cv2.resize(dense, (wide, tall), interpolation=cv2.INTER_AREA)
    return canvas


def _onto(start: float, end: float, side: int) -> tuple[int, int]:
    first = min(side - 1, max(0, round(start)))
    return first, max(first + 1, min(side, round(end)))


def _mask(region: FoundRegion, shape: tuple[int, ...], square: Box, side: int) -> U8:
    """The region's own mask in the square; what else is skin there is 0."""
    x, y, length, _ = square
    across, down = region.mask_size[0] / shape[1], region.mask_size[1] / shape[0]
    left, top = x * across - region.mask_box[0], y * down - region.mask_box[1]
    return _warped(region.mask, length / side * across, length / side * down, left, top, side)


def _warped(plane: U8, across: float, down: float, left: float, top: float, side: int) -> U8:
    """side × side from ``left``, ``top`` of the plane on, in steps of ``across`` and ``down``; 0 outside of it."""
    # From middles of pixels to middles of pixels.
    turn = np.array([[across, 0, left + across / 2 - 0.5], [0, down, top + down / 2 - 0.5]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    placed: U8 = cv2.warpAffine(plane, turn, (side, side), flags=flags, borderMode=cv2.BORDER_CONSTANT)
    return placed
