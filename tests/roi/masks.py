"""Masks of discs, faces and hands in motion, and frames without pictures to go with them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from fractions import Fraction

import numpy as np

from rtskin.frame import BgrPicture, Frame, Regions, Scores, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.roi.node import FindRegions

FRAME, MASK = (1280, 720), (320, 180)
TICKS = 90_000
_X, _Y = np.meshgrid((np.arange(MASK[0]) + 0.5) * 4, (np.arange(MASK[1]) + 0.5) * 4)
_PICTURES: dict[tuple[int, int], BgrPicture] = {}


def ellipse(x: float, y: float, a: float, b: float) -> np.ndarray:
    """Pixels of the frame: middle and half axes; a border of one pixel of the mask."""
    apart = (np.hypot((_X - x) / a, (_Y - y) / b) - 1) * min(a, b) / 4
    return np.clip(0.5 - apart, 0, 1).astype(np.float32)


def disc(x: float, y: float, radius: float) -> np.ndarray:
    return ellipse(x, y, radius, radius)


def hand(x: float, y: float, height: float) -> np.ndarray:
    """A palm and four fingers that are spread."""
    plane = np.zeros((MASK[1], MASK[0]), np.uint8)
    unit = height / 4
    cv2.ellipse(plane, _point(x, y + 0.12 * height), (round(0.24 * unit), round(0.25 * unit)), 0, 0, 360, 255, -1)
    for across in (-0.2, -0.07, 0.07, 0.2):
        tip = _point(x + 1.6 * across * height, y - 0.45 * height)
        cv2.line(plane, _point(x + 0.8 * across * height, y + 0.05 * height), tip, 255, max(1, round(0.09 * unit)))
    return plane.astype(np.float32) / 255


def _point(x: float, y: float) -> tuple[int, int]:
    return round(x / 4), round(y / 4)


def empty() -> np.ndarray:
    return np.zeros((MASK[1], MASK[0]), np.float32)


def together(*things: np.ndarray) -> np.ndarray:
    return np.maximum.reduce([empty(), *things])


def frame(time: float | None, seq: int = 0, size: tuple[int, int] = FRAME, captured: float | None = None) -> Frame:
    """Seconds; None: the source has no pts."""
    picture = _PICTURES.setdefault(size, BgrPicture(np.zeros((size[1], size[0], 3), np.uint8)))
    pts = None if time is None else round(time * TICKS)
    stamp = 0 if captured is None else round(captured * 1e9)
    return Frame(seq, picture, SourceInfo("made", *size), pts, Fraction(1, TICKS), stamp)


def opened(**options: object) -> FindRegions:
    """A node without cuts: there are no pictures to tell them by."""
    node = FindRegions(**{"cuts": False, "labels": "none", **options})
    node.open(Context())
    return node


def run(node: FindRegions, masks: Iterable[np.ndarray], rate: float = 30.0, begin: float = 0.0) -> list[Regions]:
    """Frames at a rate, from a time on."""
    return [node.process(Scores(frame(begin + number / rate, number), mask)) for number, mask in enumerate(masks)]


def ids(regions: Regions, state: str | None = None) -> list[int]:
    """Ids, in order; of one state where that is given."""
    return sorted(region.id for region in regions.regions if state in (None, region.state))


def events(many: Sequence[Regions]) -> list[tuple[str, int]]:
    """What happened, in order."""
    return [(event.kind, event.id) for regions in many for event in regions.events]


def at(regions: Regions, x: float, y: float) -> int:
    """Id of the region whose middle is nearest to a point."""
    return min(regions.regions, key=lambda r: np.hypot(r.box[0] + r.box[2] / 2 - x, r.box[1] + r.box[3] / 2 - y)).id
