"""A fast guided filter, for one plane of guide and one of scores, that keeps what the scores already know.

He and Sun, "Fast Guided Filter" (arXiv 1505.00996): inside a small window the result is a line in the guide,
``q = a·I + b``. The lines are fitted on a small grid (:mod:`rtskin.render.lines`), and only ``a`` and ``b`` are brought
to full size, where the full-size guide puts the edge back to where the picture has it.

Two things differ from the paper, both because the scores are not noise to be smoothed but a small picture to be
enlarged: ``b`` is taken so that the line passes through the score itself, not through the mean of its window (the mean
wipes out fingers: on 256² street scenes it costs 2 to 8 points of IoU against plain enlarging), and ``a`` is zero where
the scores around are flat, so that the picture's texture cannot leak into regions that are surely skin or surely not.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, U8
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render import lines

#: uint8 or uint16 H×W.
Plane = npt.NDArray[Any]

_BYTE = np.float32(255)


def apply(guide: U8, a: F32, b: F32, out: Plane, pool: BufferPool) -> None:
    """out = a·guide/255 + b at full size: uint8 or uint16 H×W, full scale; a and b (h×w) are interpolated bilinearly."""
    wide = (out.shape[1], a.shape[0])
    a_wide, b_wide = _widen(a, wide, pool), _widen(b, wide, pool)
    full = _full(out)
    if full != _BYTE:  # of what guides
        a_wide *= full / _BYTE
    _apply(_padded(guide), a_wide, b_wide, out, full)


def _padded(plane: U8) -> U8:
    """The plane with its rows' padding, where it has any: contiguous, so that the kernel is vectorised.

    Read-only, so that there is one kernel for all planes.
    """
    step = plane.strides[0]
    if plane.strides[1] != 1 or step < plane.shape[1]:
        plane = np.ascontiguousarray(plane)
        step = plane.strides[0]
    return np.lib.stride_tricks.as_strided(plane, (plane.shape[0], max(step, plane.shape[1])), writeable=False)


def enlarge(scores: F32, out: Plane, pool: BufferPool) -> None:
    """out = scores at full scale, interpolated bilinearly to out's size: uint8 or uint16 H×W."""
    _enlarge(_widen(scores, (out.shape[1], scores.shape[0]), pool), out, _full(out))


def _full(out: Plane) -> np.float32:
    """What stands for 1."""
    return np.float32(np.iinfo(out.dtype).max)


def _widen(plane: F32, size: tuple[int, int], pool: BufferPool) -> F32:
    # Only sideways: cv2 does that fast, and what remains is a blend of two rows, which the kernels below fuse with the rest.
    out = pool.take((size[1], size[0]), np.float32)
    cv2.resize(plane, size, dst=out, interpolation=cv2.INTER_LINEAR)
    return out


@njit(nogil=True, cache=True)
def _row(y: int, height: int, rows: int) -> tuple[int, int, np.float32]:
    """The two rows of the small grid around row y of the large one, and the weight of the second (pixel centres)."""
    at = (y + 0.5) * rows / height - 0.5
    at = min(max(at, 0.0), rows - 1.0)
    first = int(at)
    return first, min(first + 1, rows - 1), np.float32(at - first)


@njit(nogil=True, cache=True)
def _apply(guide: U8, a: F32, b: F32, out: Plane, full: np.float32) -> None:
    height, width = out.shape
    half, zero = np.float32(0.5), np.float32(0.0)
    for y in range(height):
        r0, r1, weight = _row(y, height, a.shape[0])
        a0, a1, b0, b1 = a[r0], a[r1], b[r0], b[r1]
        guide_row, out_row = guide[y], out[y]
        for x in range(width):
            slope = a0[x] + (a1[x] - a0[x]) * weight
            offset = b0[x] + (b1[x] - b0[x]) * weight
            value = slope * np.float32(guide_row[x]) + offset * full + half
            out_row[x] = np.int32(min(max(value, zero), full))


@njit(nogil=True, cache=True)
def _enlarge(scores: F32, out: Plane, full: np.float32) -> None:
    height, width = out.shape
    half, zero = np.float32(0.5), np.float32(0.0)
    for y in range(height):
        r0, r1, weight = _row(y, height, scores.shape[0])
        p0, p1, out_row = scores[r0], scores[r1], out[y]
        for x in range(width):
            value = (p0[x] + (p1[x] - p0[x]) * weight) * full + half
            out_row[x] = np.int32(min(max(value, zero), full))


def warm() -> None:
    """Compiles (or loads) the kernels, so that the first frame of a stream is not a second late."""
    lines.warm_slopes()
    lines.warm_through()
    warm_full()


def warm_full() -> None:
    """The same of those at full size alone."""
    pool = BufferPool()
    small: F32 = np.zeros((2, 2), np.float32)
    out: U8 = np.zeros((4, 4), np.uint8)
    apply(out.copy(), small, small.copy(), out, pool)
    enlarge(small, out, pool)
