"""Pieces of regions: a hand before a face, or blurred by motion, is often found as one or several scraps of itself."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from rtskin.media import cv2

Array = np.ndarray[Any, Any]
#: A piece has at least this share of the region, and is at least so many pixels long.
LEAST, SHORTEST = 0.12, 10
#: Looks for one that is large enough.
_TRIES = 4


class View(NamedTuple):
    """Where a region lies in a kept crop: its middle (x, y), and the longer side of its box, in pixels."""

    middle: tuple[float, float]
    length: float


def view_of(crop: Array) -> View:
    """Of the mask of a crop, uint8 N×N×4; it is not empty."""
    x, y, w, h = cv2.boundingRect((crop[..., 3] > 127).astype(np.uint8))
    return View((x + (w - 1) / 2, y + (h - 1) / 2), float(max(w, h, 1)))


def piece_of(rng: np.random.Generator, crop: Array) -> Array:
    """The crop (uint8 N×N×4) with a piece of its mask; with all of it where that is in no pieces."""
    mask = crop[..., 3]
    whole = mask > 127
    for _ in range(_TRIES if whole.any() else 0):
        left = _torn(rng, whole)
        count, marks, figures, _ = cv2.connectedComponentsWithStats(left)
        if count < 2:
            continue
        number = 1 + int(figures[1:, cv2.CC_STAT_AREA].argmax())
        own = marks == number
        long = max(int(figures[number, cv2.CC_STAT_WIDTH]), int(figures[number, cv2.CC_STAT_HEIGHT]))
        if long >= SHORTEST and own.sum() >= LEAST * whole.sum():
            return np.dstack([crop[..., :3], np.where(own, mask, np.uint8(0))])
    return crop


def _torn(rng: np.random.Generator, whole: Array) -> Array:
    """uint8: what is left of a region on one side of a line, or of a band, and where nothing bit into it."""
    ys, xs = np.nonzero(whole)
    through = int(rng.integers(len(xs)))
    angle = rng.uniform(0, 2 * np.pi)
    rows, columns = np.indices(whole.shape)
    along = (columns - xs[through]) * np.cos(angle) + (rows - ys[through]) * np.sin(angle)
    band = rng.uniform(0.2, 0.7) * np.sqrt(len(xs)) if rng.random() < 0.4 else np.inf
    left = np.ascontiguousarray((whole & (along >= 0) & (along <= band)).astype(np.uint8))
    for _ in range(int(rng.integers(0, 4))):
        at = int(rng.integers(len(xs)))
        cv2.circle(left, (int(xs[at]), int(ys[at])), int(rng.uniform(0.05, 0.3) * np.sqrt(len(xs))) + 1, 0, -1)
    return left
