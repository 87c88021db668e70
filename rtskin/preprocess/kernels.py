"""The fused kernel behind a network's tensor: resize, channel order and normalisation in one pass, without the GIL."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.kernels.jit import njit

Array = npt.NDArray[Any]


@njit(nogil=True, cache=True, fastmath=True)
def resample(
    source: Array,
    rows: Any,
    columns: Any,
    row: Array,
    out: Array,
    corner: Any,
    planes: Any,
    gain: Any,
    bias: Any,
) -> None:
    """Resize ``source`` into a part of ``out``, and normalise.

    source: uint8 h×(3·w), pixels as they lie. rows, columns: Taps of both axes. row: float32 scratch of 3·w. out: 3×H×W,
    float32 or uint8. corner: x, y where the picture begins in out. planes: which plane of out the source's first, second
    and third channel go to; gain and bias are in the same order: out = sum · gain + bias.
    """
    starts, weights = rows
    x, y = corner
    for index in range(starts.size):
        _blend_rows(source, starts[index], weights[index], row)
        first, second, third = (out[planes[0], y + index], out[planes[1], y + index], out[planes[2], y + index])
        _blend_columns(row, columns[0], columns[1], first, second, third, x, gain, bias)


@njit(nogil=True, cache=True, fastmath=True)
def _blend_rows(source: Array, start: Any, weights: Array, row: Array) -> None:
    # Runs over contiguous memory, so the compiler makes vector instructions of it.
    line, weight = source[start], weights[0]
    for i in range(row.size):
        row[i] = weight * np.float32(line[i])
    for k in range(1, weights.size):
        weight = weights[k]
        if weight != 0:  # also most of the reads that only keep all rows of taps equally long
            line = source[start + np.uint32(k)]
            for i in range(row.size):
                row[i] += weight * np.float32(line[i])


@njit(nogil=True, cache=True, fastmath=True)
def _blend_columns(
    row: Array,
    starts: Array,
    weights: Array,
    first: Array,
    second: Array,
    third: Array,
    x: int,
    gain: Any,
    bias: Any,
) -> None:
    # Unsigned indices spare numba the test for negative ones.
    one, two, three = np.uint64(1), np.uint64(2), np.uint64(3)
    for i in range(starts.size):
        at = np.uint64(starts[i]) * three
        a, b, c = np.float32(0), np.float32(0), np.float32(0)
        for k in range(weights.shape[1]):
            weight = weights[i, k]
            a += weight * row[at]
            b += weight * row[at + one]
            c += weight * row[at + two]
            at += three
        first[x + i] = a * gain[0] + bias[0]
        second[x + i] = b * gain[1] + bias[1]
        third[x + i] = c * gain[2] + bias[2]
