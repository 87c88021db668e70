"""A picture brought to a size, on black."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2


def fitted(picture: U8, size: tuple[int, int]) -> U8:
    """The picture itself (uint8 H×W×3 or H×W) where it is of that size (width, height); else scaled to fit, on black."""
    height, width = picture.shape[:2]
    if (width, height) == size:
        return np.ascontiguousarray(picture)
    scale = min(size[0] / width, size[1] / height)
    small = cv2.resize(picture, (max(1, round(width * scale)), max(1, round(height * scale))))
    out = np.zeros((size[1], size[0], *picture.shape[2:]), np.uint8)
    top, left = (size[1] - small.shape[0]) // 2, (size[0] - small.shape[1]) // 2
    out[top : top + small.shape[0], left : left + small.shape[1]] = small
    return out
