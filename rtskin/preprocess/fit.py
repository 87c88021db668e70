"""Where a picture lies in a network's input: pure geometry."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal

#: x, y, w, h of the picture inside the input.
Rect = tuple[int, int, int, int]


@lru_cache(maxsize=256)
def fit(kind: Literal["stretch", "letterbox"], source: tuple[int, int], target: tuple[int, int]) -> Rect:
    """The rectangle that a picture of ``source`` (width, height) fills in an input of ``target`` (width, height).

    "stretch" fills it all. "letterbox" keeps the aspect and centres; an odd pixel of padding goes right or below, and
    however long and thin the picture is, it keeps one pixel.
    """
    if kind == "stretch":
        return (0, 0, *target)
    scale = min(target[0] / source[0], target[1] / source[1])
    width, height = (_side(source[axis] * scale, target[axis]) for axis in (0, 1))
    return ((target[0] - width) // 2, (target[1] - height) // 2, width, height)


def scaled(rect: Rect, source: tuple[int, int], target: tuple[int, int]) -> Rect:
    """A rectangle of ``source`` (width, height) in coordinates of ``target``: networks may answer at another size."""
    if source == target:
        return rect
    left, width = _span(rect[0], rect[2], source[0], target[0])
    top, height = _span(rect[1], rect[3], source[1], target[1])
    return (left, top, width, height)


def _side(length: float, limit: int) -> int:
    return min(limit, max(1, round(length)))


def _span(start: int, length: int, source: int, target: int) -> tuple[int, int]:
    first = min(target - 1, round(start * target / source))
    last = max(first + 1, min(target, round((start + length) * target / source)))
    return first, last - first
