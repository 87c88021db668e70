"""Words over a picture."""

from __future__ import annotations

import textwrap
from collections.abc import Sequence

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.pool import BufferPool

_WHITE = (255, 255, 255)
#: Width of a letter of the font at scale 1, of most.
_LETTER = 20


def captioned(image: U8, lines: Sequence[str], pool: BufferPool) -> U8:
    """A copy of the picture (uint8 H×W×3 or H×W) with lines of words in its upper left corner, on a shade.

    Those that are wider than the picture go on in the next line.
    """
    copy = pool.take(image.shape, np.uint8)
    np.copyto(copy, image)
    # By the width too: a window shows a wide picture smaller.
    size = max(0.4, image.shape[0] / 900, image.shape[1] / 2000)
    height = round(34 * size)
    room = max(8, int((image.shape[1] - 40 * size) / (_LETTER * size)))
    lines = [part for line in lines for part in textwrap.wrap(line, room, drop_whitespace=False) or [line]]
    widest = max(cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, size, 1)[0][0] for line in lines)
    shade = copy[: height * len(lines) + height // 2, : widest + round(40 * size)]
    np.right_shift(shade, 1, out=shade)  # light letters are read on any picture then
    for number, line in enumerate(lines, 1):
        at = (round(20 * size), height * number)
        cv2.putText(copy, line, at, cv2.FONT_HERSHEY_SIMPLEX, size, _WHITE, 1, cv2.LINE_AA)
    return copy
