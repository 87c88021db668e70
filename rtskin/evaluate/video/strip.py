"""The strip: one row of the picture over time, frame below frame, with each way of making masks beside the others.

What is steady is a smooth band there, trembling frays its edges, and a trail widens it on the side that the skin left.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np

from rtskin.evaluate.metrics import HALF
from rtskin.evaluate.video.deliver import Way
from rtskin.files import write_bytes
from rtskin.frame import U8, Mask
from rtskin.media import cv2

#: Columns that a block has at most, rows of the picture that a frame gets, lines of the caption, and the gap.
COLUMNS, ROWS, LINE, GAP = 480, 4, 20, 6


class Strip:
    """Keeps the masks of one clip, small (a Watcher), and makes one picture of them.

    row: which row of the picture, from 0 (above) to 1; None: the one whose masks change most.
    """

    def __init__(self, clip: str, row: float | None = None) -> None:
        self._clip, self._row = clip, row
        self._pictures: list[U8] = []
        self._masks: dict[str, list[U8]] = {}

    def __call__(self, clip: str, way: Way, mask: Mask) -> None:
        if clip != self._clip:
            return
        label = f"{way.shown}: {way.method.label}"
        if label not in self._masks:
            self._masks[label] = []
        if len(self._masks) == 1:
            self._pictures.append(_small(mask.frame.bgr))
        self._masks[label].append(_small(mask.data))

    def picture(self) -> U8:
        """uint8 H×W×3 BGR; ValueError before the first mask."""
        if not self._masks:
            raise ValueError("a strip needs masks")
        row = self._chosen()
        blocks = [_block(f"{self._clip}, row {row}", [picture[row] for picture in self._pictures])]
        blocks += [_block(label, [_bgr(mask[row]) for mask in masks]) for label, masks in self._masks.items()]
        gap = np.full((blocks[0].shape[0], GAP, 3), 255, np.uint8)
        joined = [part for block in blocks for part in (block, gap)][:-1]
        return np.ascontiguousarray(np.hstack(joined))

    def save(self, path: Path) -> None:
        """As a PNG, whole or not at all; SinkError where it cannot be written."""
        _, data = cv2.imencode(".png", self.picture())
        write_bytes(path, data.data, overwrite=True)

    def _chosen(self) -> int:
        masks = next(iter(self._masks.values()))
        height = int(masks[0].shape[0])
        if self._row is not None:
            return min(height - 1, int(self._row * height))
        skin = np.stack([mask >= HALF for mask in masks])
        moves = np.abs(np.diff(skin.astype(np.int8), axis=0)).sum(axis=(0, 2))
        # Where nothing moves, where the most skin is.
        return int(np.argmax(moves if moves.any() else skin.sum(axis=(0, 2))))


def _small(plane: U8) -> U8:
    height, width = plane.shape[:2]
    if width <= COLUMNS:
        return plane.copy()
    small: U8 = cv2.resize(plane, (COLUMNS, max(1, round(height * COLUMNS / width))), interpolation=cv2.INTER_AREA)
    return small


def _bgr(row: U8) -> U8:
    return np.repeat(row[:, None], 3, axis=1)


def _block(text: str, rows: list[U8]) -> U8:
    block = np.repeat(np.stack(rows), ROWS, axis=0)
    line = np.full((LINE, block.shape[1], 3), 255, np.uint8)
    ascii_text = text.encode("ascii", "replace").decode()[: block.shape[1] // 7]
    cv2.putText(line, ascii_text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([line, block])
