"""The luma of a frame, without a detour over BGR where the picture was decoded as YUV."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8, Frame
from rtskin.media import cv2
from rtskin.pool import BufferPool


def luma_of(frame: Frame, pool: BufferPool) -> U8:
    """uint8 H×W, full or limited range as decoded (a guide needs no absolute levels); do not write into it.

    Pictures that do not hold one plane of it are converted.
    """
    plane = frame.picture.luma()
    if plane is not None:
        return plane
    out = pool.take((frame.height, frame.width), np.uint8)
    cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY, dst=out)
    return out
