"""Where a picture lies in a network's input: pure geometry."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from functools import lru_cache
from typing import Literal

#: width, height of a network's input.
Shape = tuple[int, int]
#: x, y, w, h of the picture inside the input.
Rect = tuple[int, int, int, int]
#: How a picture is brought to the input's size.
Fit = Literal["stretch", "letterbox", "corner"]


def choose(shapes: Sequence[Shape], source: tuple[int, int]) -> Shape:
    """The shape whose aspect is nearest to that of a picture of ``source`` (width, height).

    Nearest by ratio: 2:1 is as far from 1:1 as 1:2 is. Of equally near ones the first.
    """
    return shapes[0] if len(shapes) == 1 else _choose(tuple(shapes), source)


@lru_cache(maxsize=256)
def _choose(shapes: tuple[Shape, ...], source: tuple[int, int]) -> Shape:
    return min(shapes, key=lambda shape: _apart(shape, source))


def _apart(one: tuple[int, int], other: tuple[int, int]) -> Fraction:
    """How many times as wide one is as the other at equal height, at least 1: whole numbers, so that ties are ties."""
    products = (one[0] * other[1], one[1] * other[0])
    return Fraction(max(products), min(products))


@lru_cache(maxsize=256)
def fit(kind: Fit, source: tuple[int, int], target: tuple[int, int]) -> Rect:
    """The rectangle that a picture of ``source`` (width, height) fills in an input of ``target`` (width, height).

    "stretch" fills it all. "letterbox" keeps the aspect and centres; an odd pixel of padding goes right or below, and
    however long and thin the picture is, it keeps one pixel. "corner" keeps the aspect too; all padding is right or below.
    """
    if kind == "stretch":
        return (0, 0, *target)
    scale = min(target[0] / source[0], target[1] / source[1])
    width, height = (_side(source[axis] * scale, target[axis]) for axis in (0, 1))
    if kind == "corner":
        return (0, 0, width, height)
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
