"""Mixing planes, in place: samples whose weight is 0 stay as they are, bit for bit."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.kernels.jit import njit
from rtskin.render.outputs.pixels import Plane
from rtskin.render.outputs.weights import U16


def toward(plane: Plane, weights: U16, code: float) -> None:
    """plane += (code - plane) · weights / 65535; plane: uint8 or uint16 H×W, weights of its size."""
    _toward(plane, weights, np.float32(code))


def toward_plane(plane: Plane, weights: U16, other: Plane) -> None:
    """The same towards another plane of that size and dtype."""
    _toward_plane(plane, weights, other)


def rescale(plane: Plane, gain: float, offset: float, largest: int, out: Plane) -> None:
    """out = gain · plane + offset, rounded, inside 0 … largest."""
    _rescale(plane, np.float32(gain), np.float32(offset + 0.5), np.float32(largest), out)


@njit(nogil=True, cache=True)
def _untouched(row: Any) -> bool:
    seen = np.uint16(0)
    for x in range(row.shape[0]):
        seen |= row[x]
    return seen == 0


@njit(nogil=True, cache=True)
def _toward(plane: Any, weights: Any, code: Any) -> None:
    unit, half = np.float32(1 / 65535), np.float32(0.5)
    for y in range(plane.shape[0]):
        row, weight = plane[y], weights[y]
        if _untouched(weight):
            continue
        for x in range(row.shape[0]):
            value = np.float32(row[x])
            row[x] = np.int32(value + (code - value) * (np.float32(weight[x]) * unit) + half)


@njit(nogil=True, cache=True)
def _toward_plane(plane: Any, weights: Any, other: Any) -> None:
    unit, half = np.float32(1 / 65535), np.float32(0.5)
    for y in range(plane.shape[0]):
        row, weight, target = plane[y], weights[y], other[y]
        if _untouched(weight):
            continue
        for x in range(row.shape[0]):
            value = np.float32(row[x])
            row[x] = np.int32(value + (np.float32(target[x]) - value) * (np.float32(weight[x]) * unit) + half)


@njit(nogil=True, cache=True)
def _rescale(plane: Any, gain: Any, offset: Any, largest: Any, out: Any) -> None:
    zero = np.float32(0)
    for y in range(plane.shape[0]):
        row, result = plane[y], out[y]
        for x in range(row.shape[0]):
            value = np.float32(row[x]) * gain + offset
            result[x] = np.int32(min(max(value, zero), largest))
