"""The adaptive filter: average where the picture stands still, follow at once where it moves.

Each pixel is an average of its own, ``s += a·(n − s)``. How much of the new value n it takes depends on four things:

- local picture change (:mod:`rtskin.smooth.change`). Where something moved, what the network says is taken over in the same
  frame, so nothing trails; where nothing moved, whatever it says anew is trembling and is averaged;
- the time since then. One answer after a change is as good as another, so the average is the plain mean of all that came
  since, until they are more than the time constant τ holds;
- disagreement d = |n − s|. Where the picture stands still but the network has turned from skin to none, it may have seen
  what the luma does not show (a hand before a wall of its own brightness): that answer weighs more. Where the picture moved
  and the network still says nearly the same, it is averaged as ever;
- confidence |2n − 1|. An answer near 0.5 is a guess, and weighs a third.

(The idea is the one-euro filter's, "speed sets the cut-off", Casiez et al. 2012, with change and disagreement in place of
speed, which need no derivative.)
"""

from __future__ import annotations

from typing import Any

import numba
import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, U8, Frame
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.preprocess.small import small_luma
from rtskin.smooth.averaging import Averaging, weight
from rtskin.smooth.base import Smoother
from rtskin.smooth.change import Reference

#: Up to LOW a pixel only trembles, and is averaged even where the picture moved; from HIGH on it is followed whole there.
LOW, HIGH = 0.11, 0.40
#: Where the picture stands still: from TURNED_LOW on the network may have changed its mind, from TURNED_HIGH on it has.
TURNED_LOW, TURNED_HIGH = 0.5, 0.9
#: What an answer weighs by which a mind surely changed in a still picture, in usual ones.
TURNED = 2.5
#: What an answer of 0.5 weighs, in answers of 0 or 1.
GUESS = 1 / 3
#: A pixel this near to its new value takes it, so that the state reaches 0 and 1 exactly instead of creeping on.
SNAP = 1 / 1024


class Adaptive(Averaging):
    """Per-pixel averaging by change, disagreement and confidence; see the module.

    strength: 0 … 1; trembling is averaged over τ = 0.3 s × strength. The weight of a mask is 1 − exp(−dt/τ), so that 15
    and 60 frames a second behave alike. The state is float32 at the size of the masks, whatever their dtype.
    """

    def __init__(self, strength: float = 0.5) -> None:
        super().__init__(strength)
        self._reference = Reference()
        self._warm_up()

    def take_over(self, before: Smoother) -> None:
        if isinstance(before, Adaptive):
            self._state, self._fresh, self._reference = before._state, before._fresh, before._reference

    def _begin(self, data: F32 | U8, frame: Frame) -> None:
        super()._begin(data, frame)
        self._reference.begin(small_luma(frame))

    def _average(self, data: F32 | U8, dt: float, frame: Frame, out: F32 | U8) -> None:
        usual = weight(dt, self.tau)
        shares = self._follow(small_luma(frame), dt, float(usual))
        _kernel(data)(data, self._state, self._fitted(shares), out, usual)

    def _follow(self, now: U8, dt: float, floor: float) -> F32:
        """float32 at the small luma's size, how much of the average the new mask is to be; may move the state."""
        self._reference.expose(now)
        return self._reference.shares(now, dt, floor, self._reference.changed(now))

    def _fitted(self, shares: F32) -> F32:
        height, width = self._state.shape
        if shares.shape == (height, width):
            return shares
        fitted: F32 = self._pool.take((height, width), np.float32)
        cv2.resize(shares, (width, height), dst=fitted, interpolation=cv2.INTER_LINEAR)
        return fitted

    @staticmethod
    def _warm_up() -> None:
        """Load or compile both kernels now: the first frame must not wait for it."""
        for dtype in (np.uint8, np.float32):
            data: npt.NDArray[Any] = np.zeros((1, 1), dtype)
            for layout in (data, np.zeros((1, 2), dtype)[:, ::2]):
                state, shares = np.zeros((2, 1, 1), np.float32)
                _kernel(data)(layout, state, shares, data.copy(), np.float32(1))


def _kernel(data: npt.NDArray[Any]) -> Any:
    return _follow_u8 if data.dtype == np.uint8 else _follow_f32


@numba.njit(inline="always")
def _ramp(value, low, high):  # type: ignore[no-untyped-def]
    """0 up to low, 1 from high on, smooth between."""
    part = (value - np.float32(low)) * np.float32(1 / (high - low))
    part = min(max(part, np.float32(0)), np.float32(1))
    return part * part * (np.float32(3) - np.float32(2) * part)


@numba.njit(inline="always")
def _step(state, new, share, usual):  # type: ignore[no-untyped-def]
    """One pixel's new state. Written without branches on purpose, so that it becomes vector code.

    share: of the new value in the average, were it sure; 1 forgets what was before. usual: what is taken of what trembles.
    """
    one = np.float32(1)
    difference = new - state
    disagreement = abs(difference)
    confidence = min(abs(new + new - one), one)
    worth = np.float32(GUESS) + np.float32(1 - GUESS) * confidence
    worth += (np.float32(TURNED) - worth) * _ramp(disagreement, TURNED_LOW, TURNED_HIGH) * confidence
    share = min(share, usual + (one - usual) * _ramp(disagreement, LOW, HIGH))
    taken = worth * share / (one - share + worth * share)
    mixed = state + taken * difference
    # "Averaged" is False for NaN too: a poisoned or uninitialised state heals with the next mask.
    averaged = (disagreement > np.float32(SNAP)) & (taken < one)
    return mixed if averaged else new


@njit(nogil=True, cache=True, error_model="numpy")
def _follow_f32(data, state, shares, out, usual):  # type: ignore[no-untyped-def]
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            value = _step(state[y, x], data[y, x], shares[y, x], usual)
            state[y, x] = value
            out[y, x] = value


@njit(nogil=True, cache=True, error_model="numpy")
def _follow_u8(data, state, shares, out, usual):  # type: ignore[no-untyped-def]
    for y in range(data.shape[0]):
        for x in range(data.shape[1]):
            value = _step(state[y, x], np.float32(data[y, x]) * np.float32(1 / 255), shares[y, x], usual)
            state[y, x] = value
            out[y, x] = np.uint8(np.int32(value * np.float32(255) + np.float32(0.5)))
