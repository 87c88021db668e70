"""A contact sheet of regions, to see what a network, or a rule, gets wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.files import write_bytes
from rtskin.media import cv2
from rtskin.train.regions.decide import LABELS

if TYPE_CHECKING:
    from rtskin.train.regions.session import Side

Array = np.ndarray[Any, Any]
_ACROSS, _MOST = 12, 96


def write(path: Path, side: Side, probabilities: Array) -> int:
    """The regions that are answered wrong, the surest first, each with its mask's outline, its label and the answer; how
    many there are."""
    given = probabilities.argmax(1)
    wrong = np.flatnonzero(given != side.labels)
    wrong = wrong[np.argsort(-probabilities[wrong, given[wrong]])]
    tiles = [
        tile(side.crops[i], f"{LABELS[side.labels[i]]} not {LABELS[given[i]]} {probabilities[i].max():.2f}")
        for i in wrong[:_MOST]
    ]
    write_bytes(path, cv2.imencode(path.suffix, sheet(tiles))[1].data, overwrite=True)
    return len(wrong)


def tile(crop: Array, text: str) -> Array:
    """uint8 crop with its mask's outline, and a line below."""
    image = np.ascontiguousarray(crop[..., :3])
    outlines, _ = cv2.findContours((crop[..., 3] > 127).astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_SIMPLE)
    cv2.drawContours(image, outlines, -1, (0, 255, 255), 1)
    image = cv2.resize(image, (128, 128), interpolation=cv2.INTER_CUBIC)
    below = np.zeros((14, 128, 3), np.uint8)
    cv2.putText(below, text, (2, 11), cv2.FONT_HERSHEY_SIMPLEX, 0.33, (255, 255, 255), 1, cv2.LINE_AA)
    return np.vstack([image, below])


def sheet(tiles: list[Array]) -> Array:
    """Tiles of one size side by side; at least one row."""
    blank = np.zeros((142, 128, 3), np.uint8)
    tiles = tiles + [blank] * (-len(tiles) % _ACROSS or (0 if tiles else _ACROSS))
    return np.vstack([np.hstack(tiles[start : start + _ACROSS]) for start in range(0, len(tiles), _ACROSS)])
