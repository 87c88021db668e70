"""The source, its mask and the overlay beside each other: what was seen, what was found, what one gets."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8, Frame, Mask
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.views import ViewSettings
from rtskin.render.views.overlay import overlay

_pool = BufferPool()


def side_by_side(frame: Frame, mask: Mask, out: U8, settings: ViewSettings) -> U8:
    """uint8 H×3W×3: source | mask | overlay."""
    height, width = mask.data.shape
    picture: U8 = _pool.take((height, 3 * width, 3), np.uint8)
    picture[:, :width] = frame.bgr
    gray = picture[:, width : 2 * width]
    cv2.cvtColor(mask.data, cv2.COLOR_GRAY2BGR, dst=out)
    gray[:] = out
    picture[:, 2 * width :] = overlay(frame, mask, out, settings)
    return picture
