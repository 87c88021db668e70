"""Where a picture changed: how far, in pixels, things would have to have moved to look as different as they do.

The difference of two small lumas by the gradient there is the size of the motion across it (normal flow, Horn & Schunck,
"Determining Optical Flow", 1981). Judged so, a contour that trembles by half a pixel changed as little as a wall that only
has noise, and a hand before a wall of nearly its own brightness changed as much as one before a dark wall.
"""

from __future__ import annotations

import numpy as np

from rtskin.frame import F32, U8
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.smooth.motion import Motion, Mover
from rtskin.smooth.tone import ToneMatch, median_difference

#: Pixels of the small luma: up to LOW nothing moved, from HIGH on something did.
LOW, HIGH = 0.6, 1.3
#: Grey levels of noise, in units of which a flat place is as good as a gradient; ADDED of them weigh as one pixel.
LEAST, MOST, ADDED = 0.8, 4.0, 4.0
#: The estimate of the noise may grow by so much a frame, and falls at once: a picture that moves as a whole is not noise.
GROWTH = 1.05
#: Seconds that the first value counts for after a change: a single answer is worth little, at any frame rate.
FIRST = 1 / 30
#: Seconds: older than that nothing need be.
OLDEST = 60.0
#: Median of |difference| of Gaussian noise, in deviations.
_MEDIAN = 0.6745
_AROUND = np.ones((3, 3), np.uint8)
#: Pixels of a block, and the share of it that has to have changed: noise that was taken for change is scattered.
BLOCK, SHARE = 8, 0.2


class Reference:
    """The picture that an average of masks stands for, and how long it has looked like this, place by place.

    It is averaged as the masks are, so that what creeps is seen too. One thread at a time; about 0.2 ms a frame at 256×144.
    """

    def __init__(self) -> None:
        self._pool = BufferPool()
        self._match = ToneMatch()
        self._mean: F32 = np.empty((0, 0), np.float32)
        #: Seconds since something changed here; float32 h×w.
        self._age = self._mean
        #: The reference as uint8 h×w; do not write into it.
        self.picture: U8 = np.empty((0, 0), np.uint8)
        #: The small luma that was averaged in last, as it came.
        self.newest = self.picture
        #: Median of the difference to what it was exposed to last, while it is still known.
        self._apart: float | None = None
        #: Deviation of the camera's noise in the small luma, in grey levels.
        self.noise = LEAST
        self._compile()

    def begin(self, now: U8) -> None:
        """Start afresh with the small luma ``now``."""
        self._mean = now.astype(np.float32)
        self._age = np.full(now.shape, FIRST, np.float32)
        self.picture = self.newest = now

    def expose(self, now: U8) -> None:
        """Bring the reference to the exposure of ``now``; a frame of another size starts it afresh."""
        if now.shape != self.picture.shape:
            self.begin(now)
        apart = median_difference(self.picture, now)
        matched = self._match(self.picture, now, apart)
        if matched is not self.picture:
            np.copyto(self._mean, matched)
            self.picture, apart = self._rounded(), None
        self._apart = apart

    def move(self, mover: Mover, motion: Motion) -> None:
        """Move the picture, and the ages with it."""
        mover.in_place(motion, self._mean, self._age)
        self.picture = self._rounded()

    def changed(self, now: U8) -> U8:
        """Where ``now``, to which it was exposed, shows something else: uint8 h×w, 0 … 255 = surely."""
        apart, self._apart = self._apart, None
        self._learn((median_difference(self.picture, now) if apart is None else apart) / _MEDIAN)
        return self.unlike(now)

    def unlike(self, now: U8) -> U8:
        """The same, and the noise is not learnt from it."""
        return unlike(self.picture, now, self.noise, self._pool)

    def shares(self, now: U8, dt: float, floor: float, changed: U8) -> F32:
        """How much of an average the frame ``now`` is to be, place by place, and average it into the reference so.

        All of it where the picture changed, then a half, a third, and so on: the plain mean of what was seen since; from
        where that falls below ``floor`` on, ``floor``. float32 h×w, 0 … 1.

        dt: seconds since the frame before. changed: where something else is seen than before.
        """
        out: F32 = self._pool.take(now.shape, np.float32)
        _age(self._mean, self._age, now, changed, np.float32(dt), np.float32(floor), out)
        self.picture, self.newest = self._rounded(), now
        return out

    def _rounded(self) -> U8:
        rounded: U8 = self._pool.take(self._mean.shape, np.uint8)
        cv2.convertScaleAbs(self._mean, dst=rounded)
        return rounded

    def _learn(self, deviation: float) -> None:
        self.noise = min(max(deviation, LEAST), self.noise * GROWTH, MOST)

    @staticmethod
    def _compile() -> None:
        one, real, zero = np.zeros((1, 1), np.uint8), np.zeros((1, 1), np.float32), np.float32(0)
        _judge(one, one, np.float32(1), one.copy())
        _age(real, real.copy(), one, one, zero, zero, real.copy())


def deviation(before: U8, now: U8) -> float:
    """Of the noise between two small lumas of one size that show nearly the same, in grey levels."""
    return float(median_difference(before, now)) / _MEDIAN


def unlike(before: U8, now: U8, noise: float, pool: BufferPool) -> U8:
    """Where two small lumas of one size show something else: uint8 h×w of ``pool``, 0 … 255 = surely.

    noise: its deviation in grey levels.
    """
    difference, near, out = (pool.take(now.shape, np.uint8) for _ in range(3))
    cv2.absdiff(before, now, dst=difference)
    cv2.blur(difference, (3, 3), dst=near)
    _judge(near, now, np.float32(ADDED * noise), difference)
    cv2.dilate(difference, _AROUND, dst=out)
    return out


def anything_changed(changed: U8) -> bool:
    """Whether more did than noise makes (uint8 h×w, 255 = surely)."""
    height, width = changed.shape
    blocks = cv2.resize(changed, (max(1, width // BLOCK), max(1, height // BLOCK)), interpolation=cv2.INTER_AREA)
    return float(blocks.max()) > 255 * SHARE


@njit(nogil=True, cache=True)
def _judge(difference, now, added, out):  # type: ignore[no-untyped-def]
    """255 times the ramp from LOW to HIGH of difference / (gradient + added)."""
    height, width = now.shape
    for y in range(height):
        row, above, below = now[y], now[max(y - 1, 0)], now[min(y + 1, height - 1)]
        _judge_row(difference[y], row, row[min(1, width - 1) :], above, below, added, out[y, :1])
        last = width - 1
        if last > 0:
            _judge_row(difference[y, 1:], row, row[2:], above[1:], below[1:], added, out[y, 1:last])
            _judge_row(
                difference[y, last:], row[last - 1 :], row[last:], above[last:], below[last:], added, out[y, last:]
            )


# Divisors are never 0; Python's way of division, which would look for it, keeps a loop from becoming vector code, and so do
# neighbours by min and max, and min and max of real numbers.
@njit(nogil=True, cache=True, error_model="numpy")
def _judge_row(difference, left, right, above, below, added, out):  # type: ignore[no-untyped-def]
    scale, low = np.float32(255 / (HIGH - LOW)), np.float32(LOW)
    for x in range(out.size):
        across = abs(np.int32(right[x]) - np.int32(left[x]))
        along = abs(np.int32(below[x]) - np.int32(above[x]))
        gradient = np.float32(np.int32(across + along)) * np.float32(0.5)
        value = (np.float32(difference[x]) / (gradient + added) - low) * scale
        value = value if value > np.float32(0) else np.float32(0)
        value = value if value < np.float32(255) else np.float32(255)
        out[x] = np.uint8(np.int32(value))


@njit(nogil=True, cache=True, error_model="numpy")
def _age(mean, age, now, changed, dt, floor, shares):  # type: ignore[no-untyped-def]
    """A change takes its part of the age; what is left and dt weigh as many seconds as they are."""
    one, least = np.float32(1), np.float32(1e-6)
    for y in range(mean.shape[0]):
        for x in range(mean.shape[1]):
            kept = age[y, x] * (one - np.float32(changed[y, x]) * np.float32(1 / 255))
            share = max(dt / (kept + dt + least), floor)
            share = share if kept > 0 else one
            mean[y, x] += share * (np.float32(now[y, x]) - mean[y, x])
            age[y, x] = min(max(kept + dt, np.float32(FIRST)), np.float32(OLDEST))
            shares[y, x] = share
