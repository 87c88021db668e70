"""Exposure: the luma of one frame as it would be under the light and the exposure of another."""

from __future__ import annotations

import numpy as np

from rtskin.frame import U8
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool

#: Grey levels of the median difference below which nothing is matched: less is noise, or a few things that move.
WORTH = 0.75
#: Matched is only what comes this much nearer by it: a tone curve that does not help is no change of exposure.
HELPS = 0.6


class ToneMatch:
    """Brings ``before`` to the exposure of ``now`` where that explains most of their difference.

    A monotone curve that gives ``before`` the histogram of ``now`` (histogram specification, Gonzalez & Woods, Digital
    Image Processing, 3.3.2): it follows gain, gamma and burnt-out whites alike, and a thing that moves hardly bends it.
    """

    def __init__(self) -> None:
        self._pool = BufferPool()
        self._curve: U8 = np.empty(256, np.uint8)
        zeros = np.zeros((1, 1), np.uint8)
        _curve(zeros, zeros, self._curve)
        median_difference(zeros, zeros)

    def __call__(self, before: U8, now: U8, apart: float | None = None) -> U8:
        """``before`` itself, or a matched copy. Both uint8 h×w, of one size. apart: the median of their difference, where it
        is known."""
        apart = median_difference(before, now) if apart is None else apart
        if apart < WORTH:
            return before
        _curve(before, now, self._curve)
        matched: U8 = self._pool.take(before.shape, np.uint8)
        cv2.LUT(before, self._curve, dst=matched)
        return matched if median_difference(matched, now) < HELPS * apart else before


@njit(nogil=True, cache=True)
def _curve(before, now, curve):  # type: ignore[no-untyped-def]
    """Level by level, the level of ``now`` that has the middle of its share of pixels."""
    have, want = np.zeros(256, np.int64), np.zeros(256, np.int64)
    for y in range(before.shape[0]):
        for x in range(before.shape[1]):
            have[before[y, x]] += 1
            want[now[y, x]] += 1
    below, level, reached = 0, 0, want[0]
    for value in range(256):
        middle = below + (have[value] + 1) // 2
        while reached < middle and level < 255:
            level += 1
            reached += want[level]
        curve[value] = level
        below += have[value]


@njit(nogil=True, cache=True)
def median_difference(a, b):  # type: ignore[no-untyped-def]
    """The median of |a − b| in grey levels, between whole levels by how many pixels each has."""
    counts = np.zeros(256, np.int64)
    for y in range(a.shape[0]):
        for x in range(a.shape[1]):
            counts[abs(np.int32(a[y, x]) - np.int32(b[y, x]))] += 1
    half = a.size * 0.5
    below = 0
    for level in range(256):
        if below + counts[level] >= half:
            # Level n stands for n − ½ … n + ½, and 0 for 0 … ½.
            low = max(0.0, level - 0.5)
            return low + (level + 0.5 - low) * (half - below) / counts[level]
        below += counts[level]
    return 255.0
