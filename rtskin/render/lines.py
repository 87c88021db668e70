"""The small side of the guided filter: the line that each window of the guide gives, in two fused passes.

Measured on 256×256 with 3×3 windows, one thread: ten calls of cv2 and numba take 0.55 ms, these two kernels 0.1. What makes
it so: products and sums of a window live in a few rows that stay in the first cache, instead of in planes of their own.
"""

from __future__ import annotations

import numba
import numpy as np

from rtskin.frame import F32, U8
from rtskin.kernels.jit import njit
from rtskin.pool import BufferPool

#: The guide is followed fully where the scores around differ by a quarter or more, and less below that.
FOLLOW = np.float32(4.0)
_UNIT = np.float32(1 / 255)


def fit(guide: U8, scores: F32, radius: int, eps: float, pool: BufferPool) -> tuple[F32, F32]:
    """The lines: a and b, float32 h×w, for a guide (uint8, taken as 0 … 1) and scores (0 … 1) of that size.

    radius: of the square windows, in pixels of this grid; borders are mirrored. eps: variance of the guide below which
    it is not followed.
    """
    shape = guide.shape
    mean, slopes, a, b = (pool.take(shape, np.float32) for _ in range(4))
    padded = pool.take((4, shape[1] + 2 * radius), np.float32)
    rows = pool.take((4, shape[1] + 2), np.float32)
    _slopes(guide, scores, radius, np.float32(eps), padded, rows, mean, slopes)
    _through(scores, mean, slopes, radius, padded[0], rows, a, b)
    return a, b


def warm_slopes() -> None:
    """Compiles (or loads) the first kernel, so that the first frame of a stream is not a second late."""
    small, padded, rows = np.zeros((2, 2), np.float32), np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    _slopes(np.zeros((2, 2), np.uint8), small, 1, np.float32(1), padded, rows, small.copy(), small.copy())


def warm_through() -> None:
    """The same of the second."""
    small, padded, rows = np.zeros((2, 2), np.float32), np.zeros((4, 4), np.float32), np.zeros((4, 4), np.float32)
    _through(small, small.copy(), small.copy(), 1, padded[0], rows, small.copy(), small.copy())


@njit(nogil=True, cache=True)
def _mirrored(at: int, size: int) -> int:
    """Position in 0 … size - 1 that a position outside is the mirror image of; the border itself is doubled."""
    while at < 0 or at >= size:
        at = -1 - at if at < 0 else 2 * size - 1 - at
    return at


@njit(nogil=True, cache=True)
def _slide(padded: F32, radius: int, width: int, out: F32) -> None:
    """Sums of 2·radius + 1 neighbours; ``padded`` is filled but for its mirrored ends."""
    for k in range(radius):
        padded[radius - 1 - k] = padded[radius + _mirrored(-1 - k, width)]
        padded[radius + width + k] = padded[radius + _mirrored(width + k, width)]
    _scale(padded[:width], np.float32(1), out)
    for k in range(1, 2 * radius + 1):
        _add(padded[k : k + width], out)


@njit(nogil=True, cache=True)
def _slopes(guide: U8, scores: F32, radius: int, eps: np.float32, padded: F32, rows: F32, mean: F32, out: F32) -> None:
    """mean: of the guide in the window around each pixel. out: covariance of guide and scores by the guide's variance."""
    height, width = scores.shape
    share = np.float32(1 / (2 * radius + 1) ** 2)
    inner = slice(radius, radius + width)
    for y in range(height):
        _clear(padded)
        for k in range(-radius, radius + 1):
            near = _mirrored(y + k, height)
            _add_guide(guide[near], padded[0, inner])
            _add(scores[near], padded[1, inner])
            _add_squared(guide[near], padded[2, inner])
            _add_product(guide[near], scores[near], padded[3, inner])
        for plane in range(4):
            _slide(padded[plane], radius, width, rows[plane, :width])
        _scale(rows[0], share, mean[y])
        _divide(mean[y], rows[1], rows[2], rows[3], share, eps, out[y])


@njit(nogil=True, cache=True)
def _through(scores: F32, mean: F32, slopes: F32, radius: int, padded: F32, rows: F32, a: F32, b: F32) -> None:
    """Every pixel lies in many windows: a is the mean of their slopes, weakened where the scores around are flat. b makes
    the lines pass through (mean of the guide, score)."""
    height, width = scores.shape
    share = np.float32(1 / (2 * radius + 1) ** 2)
    total, low, high = rows[0, :width], rows[1], rows[2]
    for y in range(height):
        _scale(padded, np.float32(0), padded)
        for k in range(-radius, radius + 1):
            _add(slopes[_mirrored(y + k, height)], padded[radius : radius + width])
        _slide(padded, radius, width, total)
        above, row, below = scores[max(y - 1, 0)], scores[y], scores[min(y + 1, height - 1)]
        _lowest(above, row, below, low[1 : width + 1])
        _highest(above, row, below, high[1 : width + 1])
        for line in (low, high):
            line[0], line[width + 1] = line[1], line[width]
        _weaken(total, low, high, share, a[y])
        _offset(row, a[y], mean[y], b[y])


# One small loop each: the compiler vectorises a loop only where it has to prove few arrays distinct.


@numba.njit(inline="always")
def _less(one: np.float32, other: np.float32) -> np.float32:
    # min() and max() mind NaN, which keeps the compiler from vector code.
    return one if one < other else other


@numba.njit(inline="always")
def _more(one: np.float32, other: np.float32) -> np.float32:
    return one if one > other else other


@njit(nogil=True, cache=True)
def _clear(planes: F32) -> None:
    for k in range(planes.shape[0]):
        for x in range(planes.shape[1]):
            planes[k, x] = np.float32(0)


@njit(nogil=True, cache=True)
def _add(row: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] += row[x]


@njit(nogil=True, cache=True)
def _add_guide(guide: U8, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] += np.float32(guide[x]) * _UNIT


@njit(nogil=True, cache=True)
def _add_squared(guide: U8, out: F32) -> None:
    for x in range(out.shape[0]):
        value = np.float32(guide[x]) * _UNIT
        out[x] += value * value


@njit(nogil=True, cache=True)
def _add_product(guide: U8, row: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] += np.float32(guide[x]) * _UNIT * row[x]


@njit(nogil=True, cache=True)
def _scale(row: F32, share: np.float32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = row[x] * share


@njit(nogil=True, cache=True, error_model="numpy")  # Python's tests every divisor, and nothing is vectorised
def _divide(mean: F32, p: F32, ii: F32, ip: F32, share: np.float32, eps: np.float32, out: F32) -> None:
    for x in range(out.shape[0]):
        i = mean[x]
        variance = _more(ii[x] * share - i * i, np.float32(0))
        out[x] = (ip[x] * share - i * (p[x] * share)) / (variance + eps)


@njit(nogil=True, cache=True)
def _lowest(above: F32, row: F32, below: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = _less(_less(above[x], below[x]), row[x])


@njit(nogil=True, cache=True)
def _highest(above: F32, row: F32, below: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = _more(_more(above[x], below[x]), row[x])


@njit(nogil=True, cache=True)
def _weaken(total: F32, low: F32, high: F32, share: np.float32, out: F32) -> None:
    low_right, high_right = low[2:], high[2:]
    low_here, high_here = low[1:], high[1:]
    for x in range(out.shape[0]):
        highest = _more(_more(high[x], high_right[x]), high_here[x])
        lowest = _less(_less(low[x], low_right[x]), low_here[x])
        out[x] = total[x] * share * _less(FOLLOW * (highest - lowest), np.float32(1))


@njit(nogil=True, cache=True)
def _offset(row: F32, a: F32, mean: F32, out: F32) -> None:
    for x in range(out.shape[0]):
        out[x] = row[x] - a[x] * mean[x]
