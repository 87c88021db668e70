"""Cuts: is this frame of the same shot as the one before?

Both small lumas are brought to one exposure (rtskin.smooth.tone) and averaged down to 64 pixels. Then each block of 8×8
that has any contrast is looked for in the other frame, up to a tenth of the picture away; the share of contrast that is not
found is the figure. So a pan does not count, nor what is flat in both, and of two people before one wall only the people
count, who differ. A thing that waves is not found either, but it waves for longer than a frame: a cut is what stands out
from the frames before it.

A flash is no shot of its own: a frame that is burnt out and cannot be told, or shows nothing, is passed over, and the next
one compared with the one before it.
"""

from __future__ import annotations

import numpy as np

from rtskin.frame import F32, U8, Frame
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.preprocess.small import small_luma
from rtskin.smooth.tone import ToneMatch, median_difference

#: Pixels of the longer side that is looked at, of a block, between blocks, and of the search to each side of it.
SIDE, BLOCK, STEP, REACH = 64, 8, 4, 6
#: A block is found where its covariance with one of the frame before is at least this share of the greater variance.
ALIKE = 0.65
#: Grey levels of deviation: a flatter block is not looked for; contrast above the second counts no more.
FLAT, STRONG = 4.0, 30.0
#: A cut is above THRESHOLD and STANDS_OUT times the figures of the frames before, which fade by FADE a frame. Measured on 26
#: real clips: neighbouring frames below 0.07 in 98 of 100 pairs, one clip to another above 0.10 in 98 of 100.
THRESHOLD, STANDS_OUT, FADE = 0.10, 1.6, 0.85
#: A frame above WHITE is burnt out. Passed over, for showing nothing, are at most PASSED frames in a row.
WHITE, PASSED = 232, 15
#: So much more of the picture burnt out than before may be a flash: nothing is judged for up to FLASH frames, and then by
#: the one before it. So late is a cut into glare found.
BURNT, FLASH = 0.08, 3
#: In the first two frames of a shot, when nothing is known of its motion, a cut is above this.
SURELY = 0.3
#: Grey levels of the median difference from which the exposure may have jumped, which leaves EXPOSED times as much unlike.
JUMP, EXPOSED = 12.0, 2.0


class CutDetector:
    """Remembers the last frame that showed anything. 0.1 to 0.3 ms a frame beside the small luma, 1 ms at a cut."""

    def __init__(self, threshold: float = THRESHOLD) -> None:
        self.threshold = threshold
        self._match = ToneMatch()
        self._before: U8 | None = None
        self._seen = False
        self._recent = SURELY
        self._passed = self._flashed = 0
        self._shifts = _nearest_first()
        warm()

    def __call__(self, frame: Frame) -> bool:
        """True if ``frame`` starts a new shot; False for the first frame and the first after :meth:`forget`."""
        now, before, first = small_luma(frame), self._before, not self._seen
        self._seen = True
        if before is not None and before.shape != now.shape:
            before = None
        flat = float(cv2.meanStdDev(now)[1][0, 0]) < FLAT  # a tenth of the time of numpy's
        if flat and self._passed < PASSED:
            self._passed += 1
            return False
        self._before, self._passed = now, 0
        if before is None:
            return not first and not flat
        if self._flashed < FLASH and _white(now) - _white(before) > BURNT * now.size:
            self._flashed += 1
            self._before = before
            return False
        self._flashed = 0
        apart = median_difference(before, now)
        exposed = EXPOSED if apart > JUMP else 1.0
        began = self._recent == SURELY
        limit = SURELY if began else exposed * self.threshold + STANDS_OUT * self._recent
        share = self.missing(before, now, limit, apart)
        if began:
            self._recent = 0.0
        cut = share > limit
        # How much the new shot moves is not known before its second frame.
        self._recent = SURELY if cut else max(share, FADE * self._recent)
        return cut

    def forget(self) -> None:
        """The next frame is the first."""
        self._before, self._seen = None, False
        self._recent, self._passed, self._flashed = SURELY, 0, 0

    def missing(self, before: U8, now: U8, enough: float, apart: float | None = None) -> float:
        """The share of contrast of one small luma that is nowhere near in another of its size, at one exposure: 0 … 1.

        It may stop looking above ``enough``. apart: the median of their difference, where it is known.
        """
        # What is burnt out in one of them can be made of the other, and not the other way round.
        if _white(before) > _white(now):
            before, now = now, before
        return float(unmatched(_thumb(now), _thumb(self._match(before, now, apart)), self._shifts, np.float32(enough)))


def warm() -> None:
    """Compiles (or loads) the kernel, so that the first frame of a stream is not seconds late."""
    thumb = np.zeros((BLOCK, BLOCK), np.float32)
    unmatched(thumb, thumb, _nearest_first(), np.float32(1))


def _white(small: U8) -> int:
    return int(np.count_nonzero(small > WHITE))


def _thumb(small: U8) -> F32:
    by = max(1.0, max(small.shape) / SIDE)
    size = (max(BLOCK, round(small.shape[1] / by)), max(BLOCK, round(small.shape[0] / by)))
    thumb: F32 = cv2.resize(small, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    return thumb


def _nearest_first() -> np.ndarray[tuple[int, int], np.dtype[np.int32]]:
    """N×2 (y, x): most blocks are found near where they were, and then nothing further is tried."""
    side = range(-REACH, REACH + 1)
    shifts = sorted(((y, x) for y in side for x in side), key=lambda shift: shift[0] ** 2 + shift[1] ** 2)
    return np.array(shifts, np.int32)


@njit(nogil=True, cache=True)
def unmatched(now, before, shifts, enough):  # type: ignore[no-untyped-def]
    """The share, by contrast, of blocks of ``now`` that are nowhere near in ``before``: 0 … 1.

    Both float32 h×w, at least a block in size. It stops looking above ``enough``.
    """
    means, variances = _moments(now)
    others, spreads = _moments(before)
    height, width = means.shape
    total = np.float32(0)
    for top in range(0, height, STEP):
        for left in range(0, width, STEP):
            if variances[top, left] >= FLAT * FLAT:
                total += min(np.sqrt(variances[top, left]), np.float32(STRONG))
    missing = np.float32(0)
    for top in range(0, height, STEP):
        for left in range(0, width, STEP):
            mean, variance = means[top, left], variances[top, left]
            if variance < FLAT * FLAT:
                continue
            found = False
            for number in range(shifts.shape[0]):
                y, x = top + shifts[number, 0], left + shifts[number, 1]
                if y < 0 or x < 0 or y >= height or x >= width:
                    continue
                product = np.float32(0)
                for row in range(BLOCK):
                    for column in range(BLOCK):
                        product += now[top + row, left + column] * before[y + row, x + column]
                covariance = product * np.float32(1 / BLOCK**2) - mean * others[y, x]
                if covariance >= np.float32(ALIKE) * max(variance, spreads[y, x]):
                    found = True
                    break
            if not found:
                missing += min(np.sqrt(variance), np.float32(STRONG))
                if missing > enough * total:
                    return missing / total
    return missing / total if total > 0 else np.float32(0)


@njit(nogil=True, cache=True)
def _moments(plane):  # type: ignore[no-untyped-def]
    """Mean and variance of the block at each place: float32."""
    height, width = plane.shape[0] - BLOCK + 1, plane.shape[1] - BLOCK + 1
    means, variances = np.empty((height, width), np.float32), np.empty((height, width), np.float32)
    for top in range(height):
        for left in range(width):
            total, squares = np.float32(0), np.float32(0)
            for row in range(BLOCK):
                for column in range(BLOCK):
                    value = plane[top + row, left + column]
                    total += value
                    squares += value * value
            mean = total * np.float32(1 / BLOCK**2)
            means[top, left] = mean
            variances[top, left] = max(squares * np.float32(1 / BLOCK**2) - mean * mean, np.float32(0))
    return means, variances
