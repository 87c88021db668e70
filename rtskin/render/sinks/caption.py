"""Words over a picture."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.pool import BufferPool

_WHITE = (255, 255, 255)


def captioned(image: U8, lines: Sequence[str], pool: BufferPool) -> U8:
    """A copy of the picture (uint8 H×W×3 or H×W) with lines of words in its upper left corner, on a shade."""
    copy = pool.take(image.shape, np.uint8)
    np.copyto(copy, image)
    size = max(0.4, image.shape[0] / 900)
    height = round(34 * size)
    widest = max(cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] for line in lines)
    shade = copy[: height * len(lines) + height // 2, : widest + round(40 * size)]
    np.right_shift(shade, 1, out=shade)  # light letters are read on any picture then
    for number, line in enumerate(lines, 1):
        at = (round(20 * size), height * number)
        cv2.putText(copy, line, at, cv2.FONT_HERSHEY_SIMPLEX, size, _WHITE, 1, cv2.LINE_AA)
    return copy
