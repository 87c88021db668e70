"""One-Euro filter of a box: still where it stands still, and right behind where it moves.

Casiez, Roussel, Vogel, "1€ Filter: A Simple Speed-based Low-pass Filter for Noisy Input in Interactive Systems", CHI 2012.
Each of the four sides is filtered by itself: of a hand that opens, the wrist's side stands still.
"""

from __future__ import annotations

import math

from rtskin.frame import Box

#: Hertz: how slowly what stands still follows.
CUTOFF = 1.0
#: Hertz more, for a speed of one frame's longer side a second.
SPEED = 32.0
#: Hertz: how slowly the speed itself is measured.
SPEED_CUTOFF = 1.5


class SteadyBox:
    """The sides of one box. scale: the frame's longer side, so that the same motion is treated alike at any size."""

    def __init__(self, box: Box, scale: float) -> None:
        self._sides, self._scale = _sides(box), scale
        self._speeds = [0.0] * 4

    @property
    def box(self) -> Box:
        """x, y, w, h; never empty."""
        left, top, right, bottom = self._sides
        return left, top, max(right - left, 1.0), max(bottom - top, 1.0)

    def __call__(self, box: Box, seconds: float) -> Box:
        """The steadied box. seconds: since the last one, above 0."""
        follow = smoothing(SPEED_CUTOFF, seconds)
        for side, value in enumerate(_sides(box)):
            before = self._sides[side]
            speed = self._speeds[side]
            speed += follow * ((value - before) / (seconds * self._scale) - speed)
            self._speeds[side] = speed
            self._sides[side] = before + smoothing(CUTOFF + SPEED * abs(speed), seconds) * (value - before)
        return self.box

    def jump(self, box: Box) -> None:
        """It is there now, and stands still."""
        self._sides, self._speeds = _sides(box), [0.0] * 4


def smoothing(cutoff: float, seconds: float) -> float:
    """The share by which an exponential filter with that cutoff (Hz) goes to a new value after so many seconds."""
    turns = 2 * math.pi * cutoff * seconds
    return turns / (turns + 1)


def _sides(box: Box) -> list[float]:
    x, y, w, h = box
    return [x, y, x + w, y + h]
