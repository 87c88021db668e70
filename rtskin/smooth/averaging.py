"""What filters share that keep an average of the masks: the state, its weights, and starting afresh."""

from __future__ import annotations

import math
from abc import abstractmethod

import numpy as np

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Frame
from rtskin.pool import BufferPool
from rtskin.smooth.base import Smoother

#: Time constant of the average at strength 1, in seconds.
LONGEST = 0.3
#: Taken for the step between two masks where nothing is known of it.
USUAL_STEP = 1 / 30


class Averaging(Smoother):
    """Keeps a state of float32 0 … 1 at the size of the masks, whatever their dtype (8-bit state sticks).

    The first mask after a reset, and one of another size, is taken as it is. strength: 0 … 1; 0 gives every mask back.
    """

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        self.tau = LONGEST * strength
        self._state: F32 = np.empty((0, 0), np.float32)
        self._fresh = True
        self._pool = BufferPool()

    def apply(self, data: F32 | U8, dt: float | None, frame: Frame) -> F32 | U8:
        if data.dtype not in (np.uint8, np.float32):
            raise InputError(f"a mask to be smoothed is uint8 or float32, not {data.dtype}")
        if self.tau <= 0:
            return data
        if self._fresh or self._state.shape != data.shape:
            self._begin(data, frame)
            self._fresh = False
            return data
        out: F32 | U8 = self._pool.take(data.shape, data.dtype)
        self._average(data, max(0.0, USUAL_STEP if dt is None else dt), frame, out)
        return out

    def reset(self) -> None:
        self._fresh = True

    def _begin(self, data: F32 | U8, frame: Frame) -> None:
        """Take a mask that has nothing to do with the ones before."""
        if self._state.shape != data.shape:
            self._state = np.empty(data.shape, np.float32)
        np.multiply(data, np.float32(1 / 255 if data.dtype == np.uint8 else 1), out=self._state)

    @abstractmethod
    def _average(self, data: F32 | U8, dt: float, frame: Frame, out: F32 | U8) -> None:
        """Bring ``data`` into the state, and the state into ``out``, ``dt`` seconds after the mask before."""


def weight(dt: float, tau: float) -> np.float32:
    """The share of the new value in an average of time constant ``tau`` after ``dt`` seconds: the same at any rate."""
    return np.float32(-math.expm1(-dt / tau))
