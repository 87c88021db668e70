"""Loads the kernels of regions and tracks, or compiles them: no frame of a stream is to wait for that."""

from __future__ import annotations

from collections.abc import Iterator
from fractions import Fraction

import numpy as np

from rtskin.frame import U8, BgrPicture, Frame, SourceInfo
from rtskin.media import cv2
from rtskin.roi.components import find_regions
from rtskin.roi.tracks.tracker import Habits, Tracker

_SIZE = (160, 90)


def warm() -> None:
    """A stream in which two discs meet, become one region for a while, and part: all that kernels are for happens in it."""
    picture = BgrPicture(np.zeros((_SIZE[1], _SIZE[0], 3), np.uint8))
    tracker = Tracker(Habits(cuts=False))
    for number, mask in enumerate(_meeting()):
        frame = Frame(number, picture, SourceInfo("warm", *_SIZE), number, Fraction(1, 30))
        find_regions(mask, _SIZE)
        tracker(frame, find_regions(np.divide(mask, 255, dtype=np.float32), _SIZE))


def _meeting() -> Iterator[U8]:
    for step in range(0, 48, 3):
        mask = np.zeros((_SIZE[1], _SIZE[0]), np.uint8)
        for x in (40 + step, 120 - step):
            cv2.circle(mask, (x, 45), 18, 255, -1, cv2.LINE_AA)
        yield mask
