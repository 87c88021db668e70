"""The contact sheet: the worst masks, to be looked at. Each is a picture, its truth, and the mask, with the figure."""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from rtskin.evaluate.datasets import Item
from rtskin.evaluate.metrics import HALF, Counts
from rtskin.files import write_bytes
from rtskin.frame import U8
from rtskin.media import cv2

#: Pixels of a tile's picture, and of the line of text above it.
TILE, LINE = 180, 20
#: Pictures (of three tiles each) in a row of the sheet.
ACROSS = 3
_FOUND, _FALSE, _MISSED = (90, 200, 90), (60, 60, 235), (235, 140, 50)


@dataclass(order=True)
class _Entry:
    """Ordered so that the least bad one is the smallest; the number breaks ties."""

    badness: float
    number: int
    tile: U8 = field(compare=False)


class ContactSheet:
    """Keeps the worst masks of one model while they are scored (a Watcher), and makes one picture of them.

    First ``size`` pictures with skin, the worst by their IoU, then as many without, by the share that is called skin. In
    the mask's tile, green is found skin, red false, blue missed.
    """

    def __init__(self, model: str, size: int = 18) -> None:
        self.model, self._size = model, size
        self._with_skin: list[_Entry] = []
        self._without: list[_Entry] = []
        self._seen = 0

    def __call__(self, model: str, item: Item, image: U8, truth: U8, mask: U8, counts: Counts) -> None:
        if model != self.model:
            return
        self._seen += 1
        if counts.has_skin:
            worst, bad, what = self._with_skin, 1 - counts.iou, f"IoU {counts.iou:.2f}"
        else:
            worst, bad, what = self._without, counts.false_share, f"false {100 * counts.false_share:.1f} %"
        if bad <= 0 or (len(worst) == self._size and bad <= worst[0].badness):
            return
        entry = _Entry(bad, -self._seen, _tile(f"{what}  {item.key}", image, truth, mask))
        (heapq.heappushpop if len(worst) == self._size else heapq.heappush)(worst, entry)

    def worst(self) -> list[tuple[float, U8]]:
        """How bad (0 … 1) and the tile of each that was kept, in the order of the sheet."""
        kept = [*sorted(self._with_skin, reverse=True), *sorted(self._without, reverse=True)]
        return [(entry.badness, entry.tile) for entry in kept]

    def picture(self) -> U8:
        """uint8 H×W×3 BGR, the worst first; a picture that says so where no mask had a fault."""
        tiles = [tile for _, tile in self.worst()]
        if not tiles:
            tiles = [_caption("no mask with a fault", np.full((TILE, 3 * TILE, 3), 255, np.uint8))]
        tiles += [np.full_like(tiles[0], 255)] * (-len(tiles) % min(ACROSS, len(tiles)))
        across = min(ACROSS, len(tiles))
        rows = [np.hstack(tiles[start : start + across]) for start in range(0, len(tiles), across)]
        return np.ascontiguousarray(np.vstack(rows))

    def save(self, path: Path) -> None:
        """As a PNG, whole or not at all; SinkError where it cannot be written."""
        _, data = cv2.imencode(".png", self.picture())
        write_bytes(path, data.data, overwrite=True)


def _tile(text: str, image: U8, truth: U8, mask: U8) -> U8:
    """Image, truth and mask beside each other, below a line of text."""
    skin, found = truth >= HALF, mask >= HALF
    verdict = cv2.cvtColor(mask, cv2.COLOR_GRAY2BGR) // 3
    for colour, where in ((_FOUND, skin & found), (_FALSE, found & ~skin), (_MISSED, skin & ~found)):
        verdict[where] = colour
    shown = (image, cv2.cvtColor(truth, cv2.COLOR_GRAY2BGR), verdict)
    return _caption(text, np.hstack([_fitted(picture) for picture in shown]))


def _fitted(picture: U8) -> U8:
    """The whole picture in a square of TILE, aspect kept, white around it."""
    height, width = picture.shape[:2]
    scale = (TILE - 4) / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    square = np.full((TILE, TILE, 3), 255, np.uint8)
    top, left = (TILE - size[1]) // 2, (TILE - size[0]) // 2
    square[top : top + size[1], left : left + size[0]] = small
    return square


def _caption(text: str, picture: U8) -> U8:
    line = np.full((LINE, picture.shape[1], 3), 255, np.uint8)
    # OpenCV's fonts have ASCII only; what is too long for the line loses its end.
    ascii_text = text.encode("ascii", "replace").decode()[: picture.shape[1] // 7]
    cv2.putText(line, ascii_text, (4, 14), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return np.vstack([line, picture])
