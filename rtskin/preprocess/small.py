"""The small luma of a frame: what is looked at where only motion, change and cuts matter."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8, Frame
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.preprocess.shrink import LARGEST, shrink

#: Pixels of the longer side, at most: 256×144 of 1280×720, 240×135 of 1920×1080, 214×160 of 640×480.
SIDE = 256
_pool = BufferPool()


def factor(width: int, height: int) -> int:
    """How many pixels of a frame, in both directions, become one: a whole number, so that the aspect is kept exactly."""
    return max(1, -(-max(width, height) // SIDE))


def small_luma(frame: Frame) -> U8:
    """uint8 h×w, the mean of each ``factor`` × ``factor`` pixels, in the range that was decoded; do not write into it.

    Made once a frame and kept with it (0.2 ms at 1280×720, one thread): cuts, stillness, change and flow share it.
    Averaging takes most of the sensor's noise away. Pixels that do not fill a square, at the right and below, are left out.
    """
    if frame.small is None:
        frame.small = _shrunk(frame)
    return frame.small


def _shrunk(frame: Frame) -> U8:
    plane = frame.picture.luma()
    if plane is None:
        plane = _pool.take((frame.height, frame.width), np.uint8)
        cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY, dst=plane)
    height, width = plane.shape
    by = factor(width, height)
    # A picture thinner than the factor keeps one row or column.
    rows, columns = max(1, height // by), max(1, width // by)
    small: U8 = _pool.take((rows, columns), np.uint8)
    if rows * by <= height and columns * by <= width and by <= LARGEST:
        shrink(plane, by, small)
    else:
        whole = plane[: min(height, rows * by), : min(width, columns * by)]
        cv2.resize(whole, (columns, rows), dst=small, interpolation=cv2.INTER_AREA)
    return small
