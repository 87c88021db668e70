"""The picture that is shown while a camera is gone."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2

_LETTERS, _GROUND = (170, 170, 170), 24


def status_picture(size: tuple[int, int], lines: list[str]) -> U8:
    """uint8 H×W×3: lines of text in the middle of a dark picture of that size (width, height)."""
    width, height = size
    out: U8 = np.full((height, width, 3), _GROUND, np.uint8)
    longest = max(len(line) for line in lines)
    # A letter of this font is about 18 pixels wide and 30 apart from line to line, at scale 1.
    scale = min(height / 360, 0.9 * width / (18 * max(1, longest)))
    thickness = max(1, round(scale))
    for number, line in enumerate(lines):
        (wide, _), _ = cv2.getTextSize(line, cv2.FONT_HERSHEY_SIMPLEX, scale, thickness)
        at = ((width - wide) // 2, round(height / 2 + (number - (len(lines) - 1) / 2) * 40 * scale))
        cv2.putText(out, line, at, cv2.FONT_HERSHEY_SIMPLEX, scale, _LETTERS, thickness, cv2.LINE_AA)
    return out
