"""Holes and outlines of a region's pixels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.roi.found import Points

#: Holes up to this share of their region are filled (rings, glasses, a mouth); what arms enclose is none of them.
HOLE = 0.1
#: What a filled pixel holds: just skin.
FILLED = 128
#: An outline leaves out what is nearer to it than this many pixels of the mask, and more until it has so few corners.
TOLERANCE, CORNERS = 0.75, 64

_Contour = npt.NDArray[np.int32]


def filled(pixels: U8) -> tuple[U8, _Contour]:
    """The pixels with small holes filled, and the outline around the largest part: int32 n×2, x and y.

    pixels: uint8 h×w, above 0 where it is of the region; written into.
    """
    # From 1 on all is inside for findContours, and it needs no pixels around: it sees zeros there.
    contours, tree = cv2.findContours(pixels, cv2.RETR_CCOMP, cv2.CHAIN_APPROX_SIMPLE)
    outer, largest = contours[0], -1.0
    limit = HOLE * np.count_nonzero(pixels) if len(contours) > 1 else 0.0
    for number, (contour, (*_, parent)) in enumerate(zip(contours, tree[0], strict=True) if len(contours) > 1 else ()):
        area = cv2.contourArea(contour)
        if parent < 0:
            if area > largest:
                outer, largest = contour, area
        elif area <= limit:
            _fill(pixels, contours, number)
    return pixels, outer[:, 0]


def _fill(pixels: U8, contours: Sequence[_Contour], number: int) -> None:
    """A hole's contour runs on the pixels around it, which are to stay as they are."""
    contour = contours[number]
    x, y, w, h = cv2.boundingRect(contour)
    part = pixels[y : y + h, x : x + w]
    inside = np.zeros((h, w), np.uint8)
    cv2.drawContours(inside, [contour], 0, 1, cv2.FILLED, offset=(-x, -y))
    part[(inside > 0) & (part == 0)] = FILLED


def outline_of(contour: _Contour, at: tuple[int, int], scale: tuple[float, float]) -> Points:
    """A contour with as few corners as say the same, float32 n×2 in pixels of the frame, through the pixels' middles.

    at: left, top of the pixels in the mask. scale: pixels of the frame a pixel of the mask, across and down.
    """
    tolerance = TOLERANCE
    corners = cv2.approxPolyDP(contour[:, None], tolerance, True)
    while len(corners) > CORNERS:
        tolerance *= 1.5
        corners = cv2.approxPolyDP(contour[:, None], tolerance, True)
    points: Points = corners.reshape(-1, 2).astype(np.float32)
    points += (at[0] + 0.5, at[1] + 0.5)
    points *= scale
    return points
