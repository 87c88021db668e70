"""The temporal average on the device: rtskin.smooth.adaptive (or .ema), pixel by pixel the same.

Where the picture changed is found here, on the small luma, as it is without a GPU: half a millisecond for 256×144 pixels,
that need medians and histograms. The masks, which lie on the device, are averaged there.
"""

from __future__ import annotations

from typing import NamedTuple

import torch
from torch.nn import functional as F

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import F32, Frame
from rtskin.preprocess.small import small_luma
from rtskin.smooth.adaptive import GUESS, HIGH, LOW, SNAP, TURNED, TURNED_HIGH, TURNED_LOW
from rtskin.smooth.averaging import LONGEST, USUAL_STEP, weight
from rtskin.smooth.change import Reference
from rtskin.smooth.stream import Continuity

METHODS = ("adaptive", "ema", "none")


class Plan(NamedTuple):
    """What is to be done with a frame's mask. fresh: take it as it is. usual: its weight where nothing changed. shares: how
    much of the average it is to be, float32 h×w at the small luma's size; None: the same everywhere."""

    fresh: bool
    usual: float = 1.0
    shares: F32 | None = None


class Average:
    """The masks of one stream, steadied. method: a name in METHODS. strength: 0 … 1. cuts: start afresh where a shot ends.

    :meth:`plan` looks at frames, here and in order; the call works on the device, and :meth:`commit` ends a frame: what
    failed before may be tried again.
    """

    def __init__(self, method: str = "adaptive", strength: float = 0.5, cuts: bool = True) -> None:
        if method not in METHODS:
            raise UnknownNameError("smoothing on a GPU", method, METHODS)
        if not 0 <= strength <= 1:
            raise InputError(f"the strength of smoothing is {strength}; it goes from 0 (none) to 1")
        self.method, self.tau, self.resets = method, LONGEST * strength, 0
        self._continuity, self._reference = Continuity(cuts), Reference()
        self._state: torch.Tensor | None = None
        self._next: torch.Tensor | None = None

    def plan(self, frame: Frame, model: str) -> Plan:
        """For the next frame of the stream."""
        if self.method == "none" or self.tau <= 0:
            return Plan(True)
        step = self._continuity(frame, model)
        self.resets += step.broke
        adaptive = self.method == "adaptive"
        if step.fresh:
            if adaptive:
                self._reference.begin(small_luma(frame))
            return Plan(True)
        dt = max(0.0, USUAL_STEP if step.dt is None else step.dt)
        usual = float(weight(dt, self.tau))
        if not adaptive:
            return Plan(False, usual)
        now = small_luma(frame)
        self._reference.expose(now)
        return Plan(False, usual, self._reference.shares(now, dt, usual, self._reference.changed(now)))

    def __call__(self, mask: torch.Tensor, usual: float, shares: torch.Tensor | None, fresh: bool) -> torch.Tensor:
        """The steadied mask, float32 h×w in 0 … 1, of one of that kind; shares as in the plan, on the device."""
        if fresh or self._state is None or self._state.shape != mask.shape:
            self._next = mask.clone()  # the network writes over what it answered
        elif shares is None:
            self._next = _ema(self._state, mask, usual)
        else:
            fitted = F.interpolate(shares[None, None], tuple(mask.shape), mode="bilinear", align_corners=False)
            self._next = _adaptive(self._state, mask, fitted[0, 0], usual)
        return self._next

    def commit(self) -> None:
        """The frame is done: the next one goes on from its mask."""
        self._state, self._next = self._next, None

    def forget(self) -> None:
        """The next frame is the first."""
        self._continuity.forget()
        self._state = self._next = None


def _ema(state: torch.Tensor, new: torch.Tensor, share: float) -> torch.Tensor:
    mixed = state + share * (new - state)
    near = ((new - mixed).abs() <= SNAP) | mixed.isnan()
    return torch.where(near, new, mixed)


def _adaptive(state: torch.Tensor, new: torch.Tensor, share: torch.Tensor, usual: float) -> torch.Tensor:
    """As rtskin.smooth.adaptive._step."""
    difference = new - state
    disagreement = difference.abs()
    confidence = (2 * new - 1).abs().clamp(max=1)
    worth = GUESS + (1 - GUESS) * confidence
    worth = worth + (TURNED - worth) * _ramp(disagreement, TURNED_LOW, TURNED_HIGH) * confidence
    share = torch.minimum(share, usual + (1 - usual) * _ramp(disagreement, LOW, HIGH))
    taken = worth * share / (1 - share + worth * share)
    averaged = (disagreement > SNAP) & (taken < 1)
    return torch.where(averaged, state + taken * difference, new)


def _ramp(value: torch.Tensor, low: float, high: float) -> torch.Tensor:
    """0 up to low, 1 from high on, smooth between."""
    part = ((value - low) / (high - low)).clamp(0, 1)
    return part * part * (3 - 2 * part)
