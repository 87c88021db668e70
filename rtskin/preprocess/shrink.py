"""Shrinking by a whole number: the means of squares of pixels, in a third of the time that OpenCV takes for it."""

from __future__ import annotations

import numba
import numpy as np

from rtskin.frame import U8
from rtskin.kernels.jit import njit

#: Sides of squares up to which 16 bits hold the sum of a column.
LARGEST = 256
_u8, _u16, _f32 = np.uint8, np.uint16, np.float32


def shrink(plane: U8, by: int, out: U8) -> None:
    """out[y, x] = the mean of plane's ``by`` × ``by`` pixels from (y, x) · by on, rounded; uint8, 1 ≤ by ≤ LARGEST.

    plane: H×W; rows may lie apart, as decoders leave them. out: contiguous h×w with h · by ≤ H and w · by ≤ W.
    """
    if plane.strides[1] != 1 or plane.strides[0] < plane.shape[1]:
        plane = np.ascontiguousarray(plane)
    # As whole rows of memory: the compiler then knows that pixels lie side by side. What lies behind a row is not read.
    rows = np.lib.stride_tricks.as_strided(plane, (plane.shape[0], plane.strides[0]), writeable=False)
    _shrink(rows, by, out, np.empty(out.shape[1] * by, np.uint16))


@njit(nogil=True, cache=True)
def _add(row, sums):  # type: ignore[no-untyped-def]
    for x in range(sums.shape[0]):
        sums[x] = _u16(sums[x] + _u16(row[x]))


_ROWS = numba.types.Array(numba.uint8, 2, "C", readonly=True)


@njit((_ROWS, numba.int64, numba.uint8[:, ::1], numba.uint16[::1]), nogil=True, cache=True, error_model="numpy")
def _shrink(rows, by, out, sums):  # type: ignore[no-untyped-def]
    """Columns first, which is vector code: rows are added to ``sums``; then neighbours in it."""
    scale = _f32(1) / _f32(by * by)
    for y in range(out.shape[0]):
        sums[:] = 0
        for k in range(by):
            _add(rows[y * by + k], sums)
        for x in range(out.shape[1]):
            total = np.int32(0)
            for k in range(by):
                total += np.int32(sums[x * by + k])
            out[y, x] = _u8(_f32(total) * scale + _f32(0.5))
