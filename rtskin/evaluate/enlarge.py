"""A part of a picture, enlarged."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2

#: x, y, width, height in pixels.
Rect = tuple[int, int, int, int]

#: Long side of what is cut out, in pixels.
LONG_SIDE = 512


def enlarged(picture: U8, box: Rect) -> U8:
    """``box`` of an image or mask with :data:`LONG_SIDE` as its long side: uint8 h×w(×3).

    Cubic interpolation; what is larger already is left as it is.
    """
    x, y, width, height = box
    part = picture[y : y + height, x : x + width]
    scale = LONG_SIDE / max(width, height)
    if scale <= 1:
        return np.ascontiguousarray(part)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    larger: U8 = cv2.resize(part, size, interpolation=cv2.INTER_CUBIC)
    return larger
