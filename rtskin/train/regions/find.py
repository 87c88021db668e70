"""Regions of skin in single pictures, as the live path finds them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.infer.base import load_segmenter
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion

Array = np.ndarray[Any, Any]
#: Smaller regions are left out: this part of the picture.
LEAST = 0.0004


class Finder:
    """Finds regions with a model at its live size, on one thread."""

    def __init__(self, model: str) -> None:
        self._segmenter = load_segmenter(model, threads=1)

    def __call__(self, picture: Array) -> list[FoundRegion]:
        """The regions of uint8 H×W×3 BGR, largest first."""
        height, width = picture.shape[:2]
        frame = Frame(0, BgrPicture(picture), SourceInfo("picture", width, height))
        scores = self._segmenter.infer(self._segmenter.prepare(frame)).data
        return regions_of(_eight_bit(scores), (width, height))


def regions_of(mask: Array, size: tuple[int, int], least: float = LEAST) -> list[FoundRegion]:
    """The connected parts of a soft mask, uint8 h×w, that are at least one half; largest first."""
    count, marks, figures, _ = cv2.connectedComponentsWithStats((mask > 127).astype(np.uint8))
    across, down = size[0] / mask.shape[1], size[1] / mask.shape[0]
    found = []
    for number in range(1, count):
        x, y, w, h, pixels = (int(figure) for figure in figures[number])
        if pixels < least * mask.size:
            continue
        own = marks[y : y + h, x : x + w] == number
        part = np.where(own, mask[y : y + h, x : x + w], 0).astype(np.uint8)
        box = (x * across, y * down, w * across, h * down)
        score = float(part[own].mean()) / 255
        found.append(
            FoundRegion(box, pixels * across * down, score, part, (x, y, w, h), (mask.shape[1], mask.shape[0]))
        )
    return sorted(found, key=lambda region: -region.area)


def _eight_bit(scores: Array) -> Array:
    return scores if scores.dtype == np.uint8 else (scores * 255 + 0.5).astype(np.uint8)
