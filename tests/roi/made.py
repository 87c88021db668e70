"""Regions made up for the feed's tests."""

from __future__ import annotations

import time
from fractions import Fraction

import numpy as np

from rtskin.frame import BgrPicture, Frame, Region, RegionEvent, Regions, SourceInfo
from rtskin.roi.record import Recorder, Sent, sent

INFO = SourceInfo("made", 64, 36)
PICTURE = BgrPicture(np.full((36, 64, 3), 90, np.uint8))
OUTLINE = ((3.0, 4.0), (13.0, 4.04), (13.0, 16.0))
HAND = Region(
    1,
    (3, 4, 10, 12),
    90,
    0.87654321,
    label="hand",
    label_score=0.9,
    side="left",
    polygon=OUTLINE,
    crop_box=(-1.5, 2.0, 16.0, 16.0),
    velocity=(1.234, -20.0),
    age=1.25,
    landmarks=tuple((float(number), 2.0, 0.1) for number in range(21)),
    gesture="Thumb_Up",
)
FACE = Region(2, (30, 4, 10, 12), 80, 0.9, label="face", label_score=0.8)


def regions(seq: int, *found: Region, events: tuple[RegionEvent, ...] = (), captured_ns: int | None = None) -> Regions:
    """A frame of 64×36 that was captured now."""
    captured = time.monotonic_ns() if captured_ns is None else captured_ns
    return Regions(Frame(seq, PICTURE, INFO, 40 * seq, Fraction(1, 1000), captured), list(found), events)


def message(seq: int, *found: Region, crops: tuple[bytes | None, ...] = ()) -> Sent:
    """Ready to be sent; of one hand where nothing else is said."""
    found = found or (HAND,)
    return sent(Recorder()(regions(seq, *found)), crops or (None,) * len(found))


def many(count: int, points: int = 40) -> tuple[Region, ...]:
    """So many regions, each with a long outline."""
    outline = tuple((number + 0.5, number * 2.25) for number in range(points))
    return tuple(Region(number, (1, 2, 3, 4), 12, 0.5, polygon=outline) for number in range(count))
