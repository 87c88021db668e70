"""The adaptive filter: average where old and new mask nearly agree, follow at once where they do not.

Each pixel is a first-order low-pass of its own, ``s += a·(n − s)``. How much of the new value n it takes depends on
the disagreement d = |n − s|: a network that trembles around the truth disagrees with itself a little and is averaged
with the time constant τ; a hand that moves turns a pixel from skin to wall, disagrees entirely, and is taken over in
the same frame, so nothing trails. (The idea is the one-euro filter's, "speed sets the cut-off", Casiez et al. 2012, with
disagreement in place of speed, which needs no derivative and no state beyond the mask.)
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt
from numba import njit

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Frame
from rtskin.pool import BufferPool
from rtskin.smooth.base import Smoother

#: Up to this disagreement a pixel only trembles, from HIGH on it moves; between them the weight rises smoothly.
LOW, HIGH = 0.12, 0.45
#: τ at strength 1, in seconds.
LONGEST = 0.3
#: Taken for the step between two masks where nothing is known of it.
USUAL_STEP = 1 / 30
#: A pixel this near to its new value takes it, so that the state reaches 0 and 1 exactly instead of creeping on.
SNAP = 1 / 1024


class Adaptive(Smoother):
    """Per-pixel averaging by disagreement; see the module.

    strength: 0 … 1; trembling is averaged over τ = 0.3 s × strength. The weight of a mask is 1 − exp(−dt/τ), so that 15
    and 60 frames a second behave alike. The state is float32 at the size of the masks, whatever their dtype.
    """

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        self._tau = LONGEST * strength
        self._state: F32 | None = None
        self._fresh = True
        self._pool = BufferPool()
        self._warm_up()

    def apply(self, data: F32 | U8, dt: float | None, frame: Frame) -> F32 | U8:
        if data.dtype not in (np.uint8, np.float32):
            raise InputError(f"a mask to be smoothed is uint8 or float32, not {data.dtype}")
        if self._state is None or self._state.shape != data.shape:
            self._state = np.empty(data.shape, np.float32)
            self._fresh = True
        out = self._pool.take(data.shape, data.dtype)
        weight = 1.0 if self._fresh else self._weight(USUAL_STEP if dt is None else dt)
        self._fresh = False
        _kernel(data)(data, self._state, out, np.float32(weight))
        return out

    def reset(self) -> None:
        self._fresh = True

    def _weight(self, dt: float) -> float:
        """Share of the new mask where it trembles: 1 takes it whole."""
        if self._tau <= 0:
            return 1.0
        return 1.0 - math.exp(-max(dt, 0.0) / self._tau)

    @staticmethod
    def _warm_up() -> None:
        """Load or compile both kernels now: the first frame must not wait for it."""
        for dtype in (np.uint8, np.float32):
            data: npt.NDArray[Any] = np.zeros((1, 1), dtype)
            _kernel(data)(data, np.zeros((1, 1), np.float32), data.copy(), np.float32(1))


def _kernel(data: npt.NDArray[Any]) -> Any:
    return _follow_u8 if data.dtype == np.uint8 else _follow_f32


@njit(inline="always")
def _step(state, new, weight):  # type: ignore[no-untyped-def]
    """One pixel's new state. Written without branches on purpose, so that it becomes vector code."""
    difference = new - state
    disagreement = abs(difference)
    ramp = (disagreement - np.float32(LOW)) * np.float32(1 / (HIGH - LOW))
    ramp = min(max(ramp, np.float32(0)), np.float32(1))
    ramp = ramp * ramp * (np.float32(3) - np.float32(2) * ramp)
    follow = weight + (np.float32(1) - weight) * ramp
    mixed = state + follow * difference
    # "Trembles" is False for NaN too: a poisoned or uninitialised state heals with the next mask.
    trembles = (disagreement < np.float32(HIGH)) & (disagreement > np.float32(SNAP)) & (weight < np.float32(1))
    return mixed if trembles else new


@njit(nogil=True, cache=True)
def _follow_f32(data, state, out, weight):  # type: ignore[no-untyped-def]
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            value = _step(state[y, x], data[y, x], weight)
            state[y, x] = value
            out[y, x] = value


@njit(nogil=True, cache=True)
def _follow_u8(data, state, out, weight):  # type: ignore[no-untyped-def]
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            value = _step(state[y, x], np.float32(data[y, x]) * np.float32(1 / 255), weight)
            state[y, x] = value
            out[y, x] = np.uint8(np.int32(value * np.float32(255) + np.float32(0.5)))
