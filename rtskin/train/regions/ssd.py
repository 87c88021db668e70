"""Detectors of faces and of palms, of the single-shot kind (arXiv 1512.02325) with one anchor size, run by ai-edge-litert.

BlazeFace (arXiv 1907.05047) and the palm detector of MediaPipe Hands (arXiv 2006.10214) give, for each anchor, a score and a
box relative to it. A tool for labelling; nothing else here needs ai-edge-litert.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import ModelError
from rtskin.frame import Box
from rtskin.roi.label.crops import cut

Array = np.ndarray[Any, Any]
#: Boxes that share more than this part of the smaller one are of one thing.
SAME = 0.5
#: Answers below this are not worth keeping.
LEAST = 0.05


@dataclass(frozen=True, eq=False)
class Found:
    """box: x, y, w, h in pixels of the picture. score: 0 … 1. points: N×2, what else is placed (eyes, knuckles)."""

    box: Box
    score: float
    points: Array


class Network:
    """A .tflite file on one thread. ModelError where it cannot be loaded."""

    def __init__(self, path: Path) -> None:
        try:
            from ai_edge_litert.interpreter import Interpreter
        except ImportError as error:
            raise ModelError(f"{path} needs ai-edge-litert to run: pip install ai-edge-litert") from error
        if not path.is_file():
            raise ModelError(f"there is no network at {path}; --weights names the folder that holds it")
        self._interpreter: Any = Interpreter(str(path), num_threads=1)
        self._interpreter.allocate_tensors()
        self._entry = self._interpreter.get_input_details()[0]
        self._answers = self._interpreter.get_output_details()
        self.side = int(self._entry["shape"][1])

    def run(self, tensor: Array) -> list[Array]:
        """float32 side×side×3 → all outputs, by their shapes without the batch."""
        self._interpreter.set_tensor(self._entry["index"], tensor[None].astype(np.float32))
        self._interpreter.invoke()
        return [self._interpreter.get_tensor(answer["index"])[0] for answer in self._answers]


class Detector:
    """Finds one kind of thing in squares of a picture.

    low, high: what 0 and 255 become. strides: of the layers of anchors, each with two anchors a cell; layers of one
    stride lie together.
    """

    def __init__(self, path: Path, low: float, high: float, strides: Sequence[int] = (8, 16, 16, 16)) -> None:
        self._network = Network(path)
        self._low, self._scale = low, (high - low) / 255
        self._anchors = anchors(self._network.side, strides)

    def __call__(self, picture: Array, square: Box) -> list[Found]:
        """What is found in a square of uint8 H×W×3 BGR, best first."""
        side = self._network.side
        tensor = cut(picture, square, side)[..., ::-1] * np.float32(self._scale) + np.float32(self._low)
        boxes, scores = sorted(self._network.run(tensor), key=lambda answer: -answer.shape[-1])
        likely = 1 / (1 + np.exp(-np.clip(scores[:, 0], -50, 50)))
        kept = np.flatnonzero(likely >= LEAST)
        found = [_placed(boxes[i], self._anchors[i], likely[i], side, square) for i in kept]
        return distinct(found)


def anchors(side: int, strides: Sequence[int]) -> Array:
    """Middles of the anchors in 0 … 1, N×2 (x, y): for each stride its cells row by row, two for each of its layers."""
    parts = []
    for stride in dict.fromkeys(strides):
        cells = -(-side // stride)
        y, x = np.mgrid[:cells, :cells]
        middles = (np.stack([x, y], -1).reshape(-1, 2) + 0.5) / cells
        parts.append(np.repeat(middles, 2 * list(strides).count(stride), 0))
    return np.concatenate(parts)


def distinct(found: Iterable[Found]) -> list[Found]:
    """The best of those that lie on each other, best first."""
    kept: list[Found] = []
    for one in sorted(found, key=lambda one: -one.score):
        if all(shared(one.box, other.box) <= SAME for other in kept):
            kept.append(one)
    return kept


def shared(one: Box, other: Box) -> float:
    """What two boxes share, as a part of the smaller."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(0.0, across) * max(0.0, down) / max(1e-9, min(one[2] * one[3], other[2] * other[3]))


def _placed(raw: Array, anchor: Array, score: float, side: int, square: Box) -> Found:
    x, y, w, h = (float(number) / side for number in raw[:4])
    left, top = x + float(anchor[0]) - w / 2, y + float(anchor[1]) - h / 2
    length, corner = square[2], np.array(square[:2])
    points = (np.reshape(raw[4:], (-1, 2)) / side + anchor) * length + corner
    return Found((square[0] + left * length, square[1] + top * length, w * length, h * length), float(score), points)
