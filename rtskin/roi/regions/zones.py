"""Zones to ignore: polygons inside which nothing is skin."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence

import numpy as np

from rtskin.errors import InputError
from rtskin.frame import F32, U8
from rtskin.media import cv2

Polygon = tuple[tuple[float, float], ...]
_HELP = 'write corners as "x,y x,y x,y", in pixels or as fractions of the frame (0 … 1)'


def parse_polygon(given: str | Sequence[Sequence[float]]) -> Polygon:
    """Corners of "x,y x,y x,y" or of pairs; at least three. InputError says what is wrong."""
    pairs = [part.split(",") for part in re.split(r"[\s;]+", given.strip())] if isinstance(given, str) else given
    try:
        polygon = tuple((float(x), float(y)) for x, y in pairs)
    except (TypeError, ValueError):
        raise InputError(f"{given!r} is no zone; {_HELP}") from None
    if len(polygon) < 3 or not all(map(math.isfinite, (value for corner in polygon for value in corner))):
        raise InputError(f"{given!r} is no zone: it needs three corners or more; {_HELP}")
    return polygon


class Zones:
    """Takes the skin out of the zones. A polygon whose coordinates are all within 0 … 1 is in fractions of the frame."""

    def __init__(self, polygons: Sequence[Polygon]) -> None:
        self._polygons = polygons
        self._sizes: tuple[tuple[int, ...], tuple[int, int]] | None = None
        self._open: U8 = np.zeros((0, 0), np.uint8)

    def __call__(self, data: F32 | U8, frame_size: tuple[int, int]) -> F32 | U8:
        """``data`` with 0 in the zones; ``data`` itself where there are none. H×W, frame_size: width, height."""
        if not self._polygons:
            return data
        if self._sizes != (data.shape, frame_size):
            self._sizes, self._open = (data.shape, frame_size), self._drawn(data.shape, frame_size)
        kept: F32 | U8 = np.where(self._open, data, data.dtype.type(0))
        return kept

    def _drawn(self, shape: tuple[int, ...], frame_size: tuple[int, int]) -> U8:
        """1 outside the zones, 0 in pixels that they touch."""
        plane = np.ones(shape, np.uint8)
        for polygon in self._polygons:
            fractions = all(0 <= value <= 1 for corner in polygon for value in corner)
            of = (1, 1) if fractions else frame_size
            corners = np.array(polygon) / of * (shape[1], shape[0]) - 0.5
            # Sixteenths of a pixel, within what the drawing's numbers hold.
            cv2.fillPoly(plane, [np.clip(corners * 16, -(2**27), 2**27).round().astype(np.int32)], 0, shift=4)
        return plane
