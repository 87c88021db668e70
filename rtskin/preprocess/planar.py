"""From decoded planes (8-bit Y, U, V) to a network's tensor: the colours are converted at the network's size.

Of pictures in 4:2:0 half as many bytes are read as of BGR, and nothing of the frame's size is written: BGR of 3840×2160 is
25 MB a frame, for every frame that is under way. The answer is that of :mod:`rtskin.preprocess.kernels` on BGR within one
level of 255 (swscale cuts fractions off), but where single pixels lie outside of RGB: there the mean is cut off, not each
pixel.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8, Yuv
from rtskin.kernels.jit import njit
from rtskin.preprocess.kernels import _blend_rows
from rtskin.preprocess.taps import Taps, taps

Array = npt.NDArray[Any]

#: Taps that are summed without a loop.
FOUR = 4

#: Weights of red and blue in the luma (ITU-T H.273, table 4), by FFmpeg's name of the matrix.
_WEIGHTS = {
    "bt709": (0.2126, 0.0722),
    "fcc": (0.30, 0.11),
    "bt470bg": (0.299, 0.114),
    "smpte170m": (0.299, 0.114),
    "smpte240m": (0.212, 0.087),
    "bt2020nc": (0.2627, 0.0593),
    "bt2020c": (0.2627, 0.0593),
}


@lru_cache(maxsize=16)
def coefficients(matrix: str, full: bool) -> tuple[np.float32, ...]:
    """B, G, R as sums of Y, U, V and a constant, in 0 … 255: twelve figures, row by row."""
    red, blue = _WEIGHTS[matrix]
    green = 1 - red - blue
    luma, chroma, black = (1.0, 1.0, 0.0) if full else (255 / 219, 255 / 224, 16.0)
    rows = (
        (luma, 2 * (1 - blue) * chroma, 0.0),
        (luma, -2 * blue * (1 - blue) / green * chroma, -2 * red * (1 - red) / green * chroma),
        (luma, 0.0, 2 * (1 - red) * chroma),
    )
    return tuple(np.float32(x) for y, u, v in rows for x in (y, u, v, -black * y - 128 * (u + v)))


@lru_cache(maxsize=64)
def shared_taps(source: int, target: int, by: int) -> Taps:
    """As :func:`taps` of ``source`` samples, each of which is one of a plane that has one for ``by`` of them.

    In fours, where there are so many: the compiler takes as many at once (three take twice the time of four).
    """
    fine = taps(source, target)
    reach = fine.weights.shape[1]
    count = min(-(-source // by), -(-((reach + by - 2) // by + 1) // 4) * 4)
    result = Taps(np.zeros(target, np.uint32), np.zeros((target, count), np.float32))
    for index in range(target):
        first = min(int(fine.start[index]) // by, -(-source // by) - count)
        result.start[index] = first
        for k in range(reach):
            result.weights[index, (int(fine.start[index]) + k) // by - first] += fine.weights[index, k]
    for array in result:
        array.setflags(write=False)
    return result


def resample(yuv: Yuv, size: tuple[int, int], row: Array, *where: Any) -> None:
    """Resize into a part of a tensor, convert, normalise. size: of the part, width and height. row: float32, at least
    2·W + 3·width of scratch. where: out, corner, planes, gain, bias as of :func:`rtskin.preprocess.kernels.resample`."""
    height, width = yuv.y.shape
    down, across = -(-height // yuv.u.shape[0]), -(-width // yuv.u.shape[1])
    _resample(
        *(_rows(plane) for plane in (yuv.y, yuv.u, yuv.v)),
        taps(height, size[1]),
        shared_taps(width, size[0], 1),
        shared_taps(height, size[1], down),
        shared_taps(width, size[0], across),
        (width, yuv.u.shape[1]),
        row,
        coefficients(yuv.matrix, yuv.full),
        *where,
    )


def _rows(plane: U8) -> U8:
    """As whole rows of memory: the compiler then knows that pixels lie side by side. What lies behind a row is not read."""
    if plane.strides[1] != 1 or plane.strides[0] < plane.shape[1]:
        plane = np.ascontiguousarray(plane)
    return np.lib.stride_tricks.as_strided(plane, (plane.shape[0], plane.strides[0]), writeable=False)


@njit(nogil=True, cache=True, fastmath=True)
def _resample(  # type: ignore[no-untyped-def]
    y, u, v, rows, columns, chroma_rows, chroma_columns, widths, scratch, m, out, corner, planes, gain, bias
):
    left, top = corner
    count = columns[0].size
    whole, half = widths
    luma, blue, red = scratch[:whole], scratch[whole : whole + half], scratch[whole + half : whole + 2 * half]
    made = scratch[whole + 2 * half :]
    a, b, c = made[:count], made[count : 2 * count], made[2 * count : 3 * count]
    for index in range(rows[0].size):
        _blend_rows(y, rows[0][index], rows[1][index], luma)
        _blend_rows(u, chroma_rows[0][index], chroma_rows[1][index], blue)
        _blend_rows(v, chroma_rows[0][index], chroma_rows[1][index], red)
        _gather(luma, columns[0], columns[1], a)
        _gather(blue, chroma_columns[0], chroma_columns[1], b)
        _gather(red, chroma_columns[0], chroma_columns[1], c)
        at = top + index
        _convert(a, b, c, m[0], m[1], m[2], m[3], gain[0], bias[0], out[planes[0], at, left : left + count])
        _convert(a, b, c, m[4], m[5], m[6], m[7], gain[1], bias[1], out[planes[1], at, left : left + count])
        _convert(a, b, c, m[8], m[9], m[10], m[11], gain[2], bias[2], out[planes[2], at, left : left + count])


@njit(nogil=True, cache=True, fastmath=True)
def _gather_four(row, starts, weights, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        at = np.uint64(starts[i])
        first = weights[i, 0] * row[at] + weights[i, 1] * row[at + np.uint64(1)]
        out[i] = first + (weights[i, 2] * row[at + np.uint64(2)] + weights[i, 3] * row[at + np.uint64(3)])


@njit(nogil=True, cache=True, fastmath=True)
def _gather(row, starts, weights, out):  # type: ignore[no-untyped-def]
    if weights.shape[1] == FOUR:
        _gather_four(row, starts, weights, out)
        return
    one = np.uint64(1)
    for i in range(out.size):
        at = np.uint64(starts[i])
        total = np.float32(0)
        for k in range(weights.shape[1]):
            total += weights[i, k] * row[at]
            at += one
        out[i] = total


@njit(nogil=True, cache=True, fastmath=True)
def _convert(a, b, c, my, mu, mv, base, gain, bias, out):  # type: ignore[no-untyped-def]
    for i in range(out.size):
        value = my * a[i] + mu * b[i] + mv * c[i] + base
        value = value if value > np.float32(0) else np.float32(0)  # as min and max it would be no vector code
        value = value if value < np.float32(255) else np.float32(255)
        out[i] = value * gain + bias
