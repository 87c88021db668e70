"""Resampling weights along one axis."""

from __future__ import annotations

from functools import lru_cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt


class Taps(NamedTuple):
    """Output i is the sum over k of ``weights[i, k] · input[start[i] + k]``. start: uint32 n; weights: float32 n×k."""

    start: npt.NDArray[np.uint32]
    weights: npt.NDArray[np.float32]


@lru_cache(maxsize=64)
def taps(source: int, target: int) -> Taps:
    """Weights that take ``source`` samples to ``target``, both at least 1.

    Reduction averages over the exact area (cv2's INTER_AREA), for a picture that is reduced by sampling shimmers from
    frame to frame. Enlarging interpolates linearly between pixel centres (cv2's INTER_LINEAR). All reads stay inside.
    """
    rows = _area(source, target) if source >= target else _linear(source, target)
    count = max(len(weights) for _, weights in rows)
    result = Taps(np.zeros(target, np.uint32), np.zeros((target, count), np.float32))
    for index, (first, weights) in enumerate(rows):
        start = min(first, source - count)
        result.start[index] = start
        result.weights[index, first - start : first - start + len(weights)] = weights
    for array in result:
        array.setflags(write=False)
    return result


def _area(source: int, target: int) -> list[tuple[int, list[float]]]:
    # Edges are compared as multiples of 1/target, in whole numbers, so that nothing is rounded.
    rows = []
    for index in range(target):
        low, high = index * source, (index + 1) * source
        first, last = low // target, -(-high // target)
        overlaps = [min(high, (i + 1) * target) - max(low, i * target) for i in range(first, last)]
        rows.append((first, [overlap / source for overlap in overlaps]))
    return rows


def _linear(source: int, target: int) -> list[tuple[int, list[float]]]:
    rows = []
    for index in range(target):
        centre = min(max((index + 0.5) * source / target - 0.5, 0.0), source - 1.0)
        first = min(int(centre), max(source - 2, 0))
        part = centre - first
        rows.append((first, [1.0 - part, part][: min(2, source)]))
    return rows
