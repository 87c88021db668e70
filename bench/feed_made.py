"""Regions made up, as many and as long-winded as a benchmark wants them."""

from __future__ import annotations

import math
import time
from fractions import Fraction

import numpy as np

from rtskin.frame import BgrPicture, Frame, Region, Regions, SourceInfo

_INFO = SourceInfo("made", 1280, 720, Fraction(30))
_PICTURE = BgrPicture(np.zeros((720, 1280, 3), np.uint8))


def regions(seq: int, count: int, points: int) -> Regions:
    """A frame of 1280×720, captured now; each region has an outline of so many points."""
    outline = tuple(
        (640.123 + 90.5 * math.cos(one * math.tau / points), 360.456 + 90.5 * math.sin(one * math.tau / points))
        for one in range(points)
    )
    found = [
        Region(
            number,
            (549.6, 269.9, 181.0, 181.0),
            25_730.0,
            0.9123,
            "hand",
            0.97,
            "left",
            outline,
            (531.5, 251.8, 217.2, 217.2),
            (120.5, -3.25),
            seq / 30,
        )
        for number in range(1, count + 1)
    ]
    return Regions(Frame(seq, _PICTURE, _INFO, seq, Fraction(1, 30), time.monotonic_ns()), found)
