"""The source, its mask and what is shown beside each other: what was seen, what was found, what one gets."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.views import unmirrored
from rtskin.render.views.overlay import overlay

_pool = BufferPool()


@unmirrored
def side_by_side(picture: U8, mask: Mask, out: U8) -> U8:
    """uint8 H×3W×3: source | mask | the picture that the views before made (the overlay where there were none)."""
    height, width = mask.data.shape
    source = mask.frame.bgr
    wide: U8 = _pool.take((height, 3 * width, 3), np.uint8)
    wide[:, :width] = source
    cv2.cvtColor(mask.data, cv2.COLOR_GRAY2BGR, dst=out)
    wide[:, width : 2 * width] = out
    wide[:, 2 * width :] = overlay(picture, mask, out) if picture is source else picture
    return wide
