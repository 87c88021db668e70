"""A Kalman filter of a box and its area: where it is, how it moves, and how sure that is.

Middle x, middle y, width, height and area each move at a constant velocity that random accelerations change, and are
measured with an error; the five do not depend on each other. Steps may be of any length, since frames may be dropped.
(Kalman, "A New Approach to Linear Filtering and Prediction Problems", 1960; for boxes: Bewley et al., "Simple Online and
Realtime Tracking", 2016.)
"""

from __future__ import annotations

import math

import numpy as np

from rtskin.frame import Box
from rtskin.kernels.jit import njit

#: What is measured, in this order.
_X, _Y, _WIDTH, _HEIGHT, _AREA = range(5)
#: Accelerations of the middle and of the sides: the size of the box, so many times a second a second. A hand that starts or
#: stops within 0.1 s changes by 20.
ACCELERATION, GROWTH = 20.0, 6.0
#: Error of a measurement: this share of the box's size, and of its area; in pixels at least.
ERROR, LEAST_ERROR = 0.02, 1.0
#: Deviation of the velocity of what was seen once: its size so many times a second.
UNKNOWN = 4.0
#: Seconds for which what is not seen goes on as it went, and in which its velocity falls to 1/e then: nothing does for long.
ONGOING, FADING = 0.4, 0.3
#: A side that lost more than this share is covered. The middle of what is covered from one side goes at half the speed at
#: which it shrinks; at less than so much of that speed, both sides shrink.
HIDDEN, ONWARD = 0.1, 0.35
#: Sizes a second: what goes slower goes nowhere in particular.
SLOW = 0.3


class BoxFilter:
    """The state of one box, from its first measurement on."""

    def __init__(self, box: Box, area: float) -> None:
        self._start(box, area)

    def _start(self, box: Box, area: float) -> None:
        self._state = np.zeros((5, 5), np.float64)
        x, y, w, h = box
        self._state[:, 0] = x + w / 2, y + h / 2, w, h, area
        size = self.size
        error = max(LEAST_ERROR, ERROR * size)
        self._state[:, 2] = np.square((error, error, 2 * error, 2 * error, 2 * error * size))
        self._state[:, 4] = np.square((size, size, size / 2, size / 2, size * size / 2)) * UNKNOWN**2

    @property
    def box(self) -> Box:
        """x, y, w, h in pixels; never empty."""
        x, y, w, h, _ = self._state[:, 0].tolist()
        w, h = max(w, 1.0), max(h, 1.0)
        return x - w / 2, y - h / 2, w, h

    @property
    def area(self) -> float:
        """Pixels; not negative."""
        return max(0.0, float(self._state[_AREA, 0]))

    @property
    def velocity(self) -> tuple[float, float]:
        """Of the middle, pixels a second."""
        return float(self._state[_X, 1]), float(self._state[_Y, 1])

    @property
    def size(self) -> float:
        """Side of the square that is as large as the box."""
        return math.sqrt(max(1.0, self._state[_WIDTH, 0]) * max(1.0, self._state[_HEIGHT, 0]))

    @property
    def doubt(self) -> float:
        """Deviation of the middle, pixels."""
        return math.sqrt(max(self._state[_X, 2], self._state[_Y, 2]))

    def predict(self, seconds: float, hidden: float = 0.0) -> None:
        """On to a later time. hidden: seconds since it was seen, at the time it stands at; its velocity fades then."""
        predict(self._state, seconds, self.size, math.exp(-seconds / FADING) if hidden > ONGOING else 1.0)
        if hidden > 0:
            self.keep_size()

    def unveil(self, whole: BoxFilter, seconds: float) -> None:
        """It went behind something bit by bit, and is as large still as it was some seconds ago, when all of it was seen.

        Of a box that shrinks one side stands, where it is covered, and the other goes at the thing's own speed: that of the
        middle and half of the shrinking. From there on the thing reaches to the covered side. In the other direction, and
        where both sides shrink, it is taken to have gone on as it did before.
        """
        missing = 1 - self._state[_WIDTH:_AREA, 0] / whole._state[_WIDTH:_AREA, 0]
        # What is left of it at last changes its shape in every direction: before, it went where it went.
        speeds = np.abs(whole._state[:_WIDTH, 1])
        if speeds.max() < SLOW * whole.size:
            speeds = np.abs(self._state[:_WIDTH, 1])
        most = int((missing * speeds).argmax())
        for middle, side in ((_X, _WIDTH), (_Y, _HEIGHT)):
            (value, speed), (length, growth) = self._state[middle, :2].tolist(), self._state[side, :2].tolist()
            before, speed_before = whole._state[middle, :2].tolist()
            hidden = whole._state[side, 0] - length
            if hidden <= HIDDEN * whole._state[side, 0]:
                continue
            if middle == most and growth < 0 and abs(speed) > ONWARD * -growth:
                toward = math.copysign(0.5, speed)
                self._state[middle, :2] = value + toward * hidden, speed - toward * growth
            else:
                self._state[middle, :2] = before + speed_before * seconds, speed_before
            self._state[side, 0] += hidden
        self._state[_AREA, 0] = max(self.area, whole.area)
        self.keep_size()

    def reappear(self, box: Box, area: float, moving: bool = True) -> None:
        """It was not seen for a while, and is here now; how fast it went is all that is still believed, where it went on."""
        speeds = self._state[:_WIDTH, 1].copy()
        self._start(box, area)
        if moving:
            self._state[:_WIDTH, 1] = speeds

    def slow_down(self, to: float) -> None:
        """It goes at this share of its speed, 0 … 1."""
        self._state[:_WIDTH, 1] *= to

    def copy(self) -> BoxFilter:
        """One that goes its own way from here."""
        other = object.__new__(BoxFilter)
        other._state = self._state.copy()
        return other

    def keep_size(self) -> None:
        """It grows and shrinks no more."""
        self._state[_WIDTH:, 1] = 0.0

    def update(self, box: Box, area: float, trust: float = 1.0) -> None:
        """What was measured. trust: 0 … 1, less where the box is an estimate itself."""
        x, y, w, h = box
        size = self.size
        update(
            self._state,
            (float(x + w / 2), float(y + h / 2), float(w), float(h), float(area)),
            size,
            max(LEAST_ERROR, ERROR * size) / trust,
        )


@njit(nogil=True, cache=True)
def predict(state, seconds, size, kept):  # type: ignore[no-untyped-def]
    """state: rows of value, velocity, and the covariance's three numbers. kept: the share of the velocity that is left."""
    for row in range(len(state)):
        acceleration = size * (ACCELERATION if row < _WIDTH else GROWTH if row < _AREA else GROWTH * size)
        power = acceleration**2
        state[row, 0] += seconds * state[row, 1] * (1 + kept) / 2
        state[row, 1] *= kept
        state[row, 2] += seconds * (2 * state[row, 3] + seconds * state[row, 4]) + power * seconds**4 / 4
        state[row, 3] += seconds * state[row, 4] + power * seconds**3 / 2
        state[row, 4] += power * seconds**2


@njit(nogil=True, cache=True)
def update(state, measured, size, error):  # type: ignore[no-untyped-def]
    """state as in predict. measured: a value a row. error: deviation of the middle's, in pixels."""
    for row in range(len(state)):
        deviation = error if row < _WIDTH else 2 * error if row < _AREA else 2 * error * size
        spread = state[row, 2] + deviation**2
        gain, faster = state[row, 2] / spread, state[row, 3] / spread
        apart = measured[row] - state[row, 0]
        state[row, 0] += gain * apart
        state[row, 1] += faster * apart
        state[row, 4] -= faster * state[row, 3]
        state[row, 3] *= 1 - gain
        state[row, 2] *= 1 - gain
