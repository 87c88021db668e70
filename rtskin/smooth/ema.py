"""The exponential average: the usual filter, and what the others are measured against."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, U8, Frame
from rtskin.kernels.jit import njit
from rtskin.smooth.averaging import Averaging, weight


class Ema(Averaging):
    """state += (1 − exp(−dt/τ)) · (mask − state), the same everywhere; τ = 0.3 s × strength. It trails behind motion."""

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        for dtype in (np.uint8, np.float32):
            data: npt.NDArray[Any] = np.zeros((1, 1), dtype)
            _average(data, np.float32(1), np.zeros((1, 1), np.float32), np.float32(1))

    def _average(self, data: F32 | U8, dt: float, frame: Frame, out: F32 | U8) -> None:
        eight = data.dtype == np.uint8
        _average(data, np.float32(1 / 255 if eight else 1), self._state, weight(dt, self.tau))
        if eight:
            np.add(self._state * np.float32(255), np.float32(0.5), out=out, casting="unsafe")
        else:
            np.copyto(out, self._state)


@njit(nogil=True, cache=True)
def _average(data, scale, state, share):  # type: ignore[no-untyped-def]
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            new = np.float32(data[y, x]) * scale
            mixed = state[y, x] + share * (new - state[y, x])
            # A state that is NaN heals with the next mask; one that is near snaps, or it would creep for ever.
            near = abs(new - mixed) <= np.float32(1 / 1024)
            state[y, x] = new if near or mixed != mixed else mixed
