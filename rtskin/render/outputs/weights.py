"""How much of a view each sample takes: masks become weights of 16 bits, at the size of luma and of chroma.

Where a mask is 0 (or 255, for what lies behind) the weight is exactly 0 (or 65535): such samples stay bit for bit.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.kernels.jit import njit
from rtskin.render.outputs.pixels import Plane

U16 = npt.NDArray[np.uint16]
FULL = 65535


def tint(mask: Plane, alpha: float, contour: int, faint: int, out: U16) -> None:
    """out = alpha · mask, and full on the inner rim of the mask, ``contour`` pixels thick (0: no rim).

    mask: uint8 or uint16 H×W, full scale. faint: weights below so many 255ths are 0.
    """
    top = np.iinfo(mask.dtype).max
    _scale(mask, np.float32(alpha * FULL / top), faint * 257, False, out)
    if contour > 0:
        _rim(mask, mask.dtype.type(top // 2 + 1), contour, out)


def behind(mask: Plane, out: U16) -> None:
    """out = 1 - mask: what a background takes."""
    _scale(mask, np.float32(FULL / np.iinfo(mask.dtype).max), 0, True, out)


def shrink(weights: Plane, shift_x: int, shift_y: int, out: Plane) -> None:
    """out = means over blocks of 2^shift_x × 2^shift_y, those at the border over what there is of them."""
    _shrink(weights, 1 << shift_x, 1 << shift_y, out)


@njit(nogil=True, cache=True)
def _scale(mask: Any, gain: Any, faint: int, inverse: bool, out: Any) -> None:
    half = np.float32(0.5)
    for y in range(mask.shape[0]):
        row, result = mask[y], out[y]
        for x in range(row.shape[0]):
            value = np.int32(np.float32(row[x]) * gain + half)
            value = value if value >= faint else np.int32(0)
            result[x] = np.uint16(65535 - value) if inverse else np.uint16(value)


@njit(nogil=True, cache=True)
def _rim(mask: Any, inside: Any, thickness: int, out: Any) -> None:
    height, width = mask.shape
    for y in range(height):
        row, above, below = mask[y], mask[max(y - thickness, 0)], mask[min(y + thickness, height - 1)]
        result = out[y]
        for x in range(width):
            if row[x] < inside:
                continue
            beside = (x >= thickness and row[x - thickness] < inside) or (
                x + thickness < width and row[x + thickness] < inside
            )
            if beside or above[x] < inside or below[x] < inside:
                result[x] = 65535


@njit(nogil=True, cache=True)
def _shrink(values: Any, step_x: int, step_y: int, out: Any) -> None:
    height, width = values.shape
    for y in range(out.shape[0]):
        top, bottom = y * step_y, min(y * step_y + step_y, height)
        for x in range(out.shape[1]):
            left, right = x * step_x, min(x * step_x + step_x, width)
            total = np.uint32(0)
            for j in range(top, bottom):
                for i in range(left, right):
                    total += np.uint32(values[j, i])
            count = np.uint32((bottom - top) * (right - left))
            out[y, x] = (total + count // np.uint32(2)) // count
