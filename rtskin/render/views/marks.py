"""Marks drawn into a picture: their size goes with the picture's, so that they can be read on a small and a large one."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import product

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.render.views import Bgr

Point = tuple[float, float]
#: left, top, right, bottom in pixels.
Rect = tuple[int, int, int, int]

WHITE, DARK = (255, 255, 255), (24, 24, 24)
#: Okabe and Ito's colours (2008), which stay apart for colour-blind eyes; without black.
PALETTE: tuple[Bgr, ...] = (
    (0, 159, 230),
    (233, 180, 86),
    (115, 158, 0),
    (66, 228, 240),
    (178, 114, 0),
    (0, 94, 213),
    (167, 121, 204),
)
_FONT = cv2.FONT_HERSHEY_SIMPLEX
#: Height of a capital letter of that font at scale 1, in pixels.
_CAPITAL = 21.0
#: Coordinates are drawn to a 1/16 pixel.
_SHIFT = 4


def color_of(number: int) -> Bgr:
    """The colour that goes with an id, always the same."""
    return PALETTE[(number - 1) % len(PALETTE)]


def text_height(size: tuple[int, int]) -> float:
    """Of capital letters in a picture of that height and width, in pixels: a 50th of its shorter side, at least 8."""
    return max(8.0, min(size) / 50)


@dataclass
class Marks:
    """Draws into ``out`` (uint8 H×W×3), in colours (blue, green, red). Points may lie outside: what does is not drawn."""

    out: U8
    height: float = 0.0
    _plates: list[Rect] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.height = self.height or text_height((self.out.shape[0], self.out.shape[1]))

    @property
    def line(self) -> int:
        """Thickness of lines, in pixels."""
        return max(1, round(self.height / 7))

    def path(self, points: Sequence[Point], color: Bgr, *, closed: bool = False, width: int | None = None) -> None:
        """A line through the points."""
        if len(points) > 1:
            self._lines([self._fixed(points)], color, closed, width)

    def segments(self, pairs: npt.NDArray[np.float64], color: Bgr, width: int | None = None) -> None:
        """n×2×2: n lines from point to point."""
        self._lines(list(self._fixed(pairs)), color, False, width)

    def box(self, left: float, top: float, right: float, bottom: float, color: Bgr, *, dashed: bool = False) -> None:
        """A rectangle."""
        corners = [(left, top), (right, top), (right, bottom), (left, bottom)]
        if not dashed:
            self.path(corners, color, closed=True)
            return
        ends = zip(corners, [*corners[1:], corners[0]], strict=True)
        self.segments(np.concatenate([_dashes(start, end, self.height) for start, end in ends]), color)

    def arrow(self, start: Point, end: Point, color: Bgr) -> None:
        """From ``start`` to ``end``; left out where it would be shorter than its head."""
        length = math.hypot(end[0] - start[0], end[1] - start[1])
        if length > self.height:
            tip = self.height / length / 1.5
            (x, y), (to_x, to_y) = self._fixed([start, end]).tolist()
            cv2.arrowedLine(self.out, (x, y), (to_x, to_y), color, self.line + 1, cv2.LINE_8, _SHIFT, tip)

    def dots(self, points: npt.NDArray[np.float64], color: Bgr) -> None:
        """n×2: filled circles."""
        for x, y in self._fixed(points).tolist():
            cv2.circle(self.out, (x, y), (self.line + 1) << _SHIFT, color, -1, cv2.LINE_8, _SHIFT)

    def plate(self, text: str, box: Rect, color: Bgr) -> None:
        """White text on a dark plate with an edge in ``color``: at the box, where it hides no other plate if it can."""
        width, height = self._plate_size(text)
        rooms = [(x, y, x + width, y + height) for x, y in self._corners(box, width, height)]
        free = [room for room in rooms if not any(_meet(room, other) for other in self._plates)]
        self._write(text, (free or rooms)[0], color)

    def corner(self, lines: Sequence[tuple[str, Bgr]]) -> None:
        """Plates one above the other in the lower left corner, the last at the bottom."""
        bottom = self.out.shape[0]
        for text, color in reversed(lines):
            width, height = self._plate_size(text)
            bottom -= height
            self._write(text, (0, bottom, width, bottom + height), color)

    def _corners(self, box: Rect, width: int, height: int) -> list[tuple[int, int]]:
        """Upper left corners where a plate may stand, the best first: above the box, in it, below it."""
        rows, columns = self.out.shape[:2]
        left, top, right, bottom = box
        ys = (top - height, top, bottom, bottom - height)
        rows_first = [y for y in ys if 0 <= y <= rows - height] or [min(max(top, 0), max(rows - height, 0))]
        return [(min(max(x, 0), max(columns - width, 0)), y) for y, x in product(rows_first, (left, right - width))]

    def _plate_size(self, text: str) -> tuple[int, int]:
        (width, _), _ = cv2.getTextSize(text, _FONT, self._scale, self._weight)
        return width + 2 * round(self.height / 2) + self._edge, round(2 * self.height)

    def _write(self, text: str, room: Rect, color: Bgr) -> None:
        left, top, right, bottom = room
        self._plates.append(room)
        cv2.rectangle(self.out, (left, top), (right - 1, bottom - 1), DARK, -1)
        cv2.rectangle(self.out, (left, top), (left + self._edge - 1, bottom - 1), color, -1)
        start = (left + self._edge + round(self.height / 2), bottom - round(self.height / 2))
        cv2.putText(self.out, text, start, _FONT, self._scale, WHITE, self._weight, cv2.LINE_AA)

    def _lines(self, fixed: Sequence[npt.NDArray[np.int32]], color: Bgr, closed: bool, width: int | None) -> None:
        cv2.polylines(self.out, fixed, closed, color, width or self.line, cv2.LINE_8, _SHIFT)

    def _fixed(self, points: npt.ArrayLike) -> npt.NDArray[np.int32]:
        """As OpenCV takes them; far outside, its whole numbers would overflow."""
        limit = 4.0 * max(self.out.shape)
        scaled = np.minimum(np.maximum(np.asarray(points, np.float64), -limit), limit)  # np.clip takes twice as long
        return np.rint(scaled * (1 << _SHIFT)).astype(np.int32)

    @property
    def _scale(self) -> float:
        return self.height / _CAPITAL

    @property
    def _weight(self) -> int:
        return max(1, round(self.height / 10))

    @property
    def _edge(self) -> int:
        return max(2, round(self.height / 3))


def _dashes(start: Point, end: Point, length: float) -> npt.NDArray[np.float64]:
    """n×2×2: dashes of about that length from corner to corner, so that each side begins and ends with one."""
    side = max(abs(end[0] - start[0]), abs(end[1] - start[1]))
    count = max(1, min(500, round(side / (2 * length))))
    steps = np.linspace(0, 1, 2 * count + 2)[:, None]
    points: npt.NDArray[np.float64] = np.array(start) + np.subtract(end, start) * steps
    return points.reshape(-1, 2, 2)


def _meet(one: Rect, other: Rect) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
