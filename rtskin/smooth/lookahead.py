"""Looking ahead: a mask made from the masks before it and after it, each moved to where things are in its frame.

What a live filter cannot have, a file has: the frames to come. A mask that trembles is averaged with its neighbours on both
sides, so nothing comes late, and the average of as many masks lies half as far away in time. Masks are moved by dense flow
(rtskin.smooth.motion). A neighbour's weight falls

- with time, by exp(−Δt / REACH), so that 15 and 60 frames a second behave alike where the frames reach as far;
- where the picture does not vouch for it: the flow there and the flow back disagree, or the moved picture does not look like
  the frame (rtskin.smooth.change). There a neighbour has a say only as far as it nearly says what the mask itself says;
- with disagreement also where the picture vouches: the luma may not show what the network saw, such as a hand before a wall
  of its own brightness.

(Averaging along the motion from both sides is what video denoising does: Liu and Freeman, "A High-Quality Video Denoising
Algorithm Based on Reliable Motion Estimation", ECCV 2010.)
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

import numba
import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, U8, Scores
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.preprocess.small import small_luma
from rtskin.smooth.averaging import USUAL_STEP
from rtskin.smooth.change import LEAST, MOST, deviation, unlike
from rtskin.smooth.motion import FlowField, Motion, Mover
from rtskin.smooth.stream import Step
from rtskin.smooth.tone import ToneMatch

#: Frames that can be looked ahead: each is held with its picture, and those further away would weigh little.
MOST_FRAMES = 16
#: Seconds: a mask that is so far away weighs 1/e.
REACH = 0.3
#: Where the picture does not vouch for it, a neighbour keeps this share of its weight up to a disagreement of LOW, and
#: nothing from HIGH on.
KEPT, LOW, HIGH = 0.6, 0.10, 0.40
#: Where the picture vouches for it, it loses this share of its weight between these disagreements.
TURNED, TURNED_LOW, TURNED_HIGH = 0.3, 0.5, 0.9


class Due(NamedTuple):
    """A mask made of those around it, and the step to its frame from the one before."""

    scores: Scores
    step: Step


@dataclass(slots=True, eq=False)
class _Held:
    """A mask within reach. due: what is still to be delivered, with its frame; None once it was.

    motions: from this frame to those before it, by their numbers, found when those were delivered.
    """

    number: int
    shot: int
    seconds: float
    data: F32 | U8
    small: U8
    due: Due | None
    motions: dict[int, Motion] = field(default_factory=dict)


class LookAhead:
    """Masks of one stream in order → the same masks in order, ``frames`` later, steadier. One thread at a time.

    frames: 1 … MOST_FRAMES, to each side. Nothing is taken across a break of the stream, in either direction. Held are at
    most 2·frames + 1 masks, frames + 1 of them with their pictures.
    """

    def __init__(self, frames: int) -> None:
        self._frames = frames
        self._held: deque[_Held] = deque()
        self._waiting = self._taken = self._shot = 0
        self._field, self._match = FlowField(), ToneMatch()
        self._move, self._move_picture = Mover(), Mover()
        self._pool, self._mix = BufferPool(), _Mix()

    def __call__(self, scores: Scores, step: Step) -> Due | None:
        """Take the next mask; answer the one that came ``frames`` before it (None at the beginning).

        step: to this mask from the one before (rtskin.smooth.stream.Continuity).
        """
        self._hold(scores, step)
        return self._deliver() if self._waiting > self._frames else None

    def rest(self) -> Iterator[Due]:
        """At the end of the stream: those that still wait."""
        while self._waiting:
            yield self._deliver()

    def _hold(self, scores: Scores, step: Step) -> None:
        self._shot += step.fresh
        last = self._held[-1].seconds if self._held else 0.0
        seconds = last + (USUAL_STEP if step.dt is None else step.dt)
        due = Due(scores, step)
        self._held.append(_Held(self._taken, self._shot, seconds, scores.data, small_luma(scores.frame), due))
        self._taken += 1
        self._waiting += 1

    def _deliver(self) -> Due:
        mine = self._held[-self._waiting]
        due, mine.due = mine.due, None
        assert due is not None
        around = [one for one in self._held if one.shot == mine.shot and one is not mine]
        data = self._made(mine, around)
        self._waiting -= 1
        while len(self._held) > self._waiting + self._frames:
            self._held.popleft()
        return Due(Scores(due.scores.frame, data, due.scores.model), due.step)

    def _made(self, mine: _Held, around: list[_Held]) -> F32 | U8:
        if not around:
            return mine.data
        self._mix.begin(mine.data)
        for other in around:
            motion = mine.motions.pop(other.number) if other.number < mine.number else self._between(mine, other)
            moved = self._move(other.data, motion)
            self._mix.add(moved, self._doubt(mine, other, motion), math.exp(-abs(other.seconds - mine.seconds) / REACH))
        return self._mix.end()

    def _between(self, mine: _Held, other: _Held) -> Motion:
        """From ``mine`` to a frame after it; the motion back is kept for when that one is delivered."""
        motion, other.motions[mine.number] = self._field.both(*self._lit_alike(other.small, mine.small))
        return motion

    def _doubt(self, mine: _Held, other: _Held, motion: Motion) -> U8:
        """uint8 h×w, 255 where the picture does not vouch for the other mask, moved."""
        picture, now = self._lit_alike(other.small, mine.small)
        moved = cast(U8, self._move_picture(picture, motion))
        doubt = unlike(moved, now, min(max(deviation(moved, now), LEAST), MOST), self._pool)
        cv2.max(doubt, motion.lost, dst=doubt)
        return doubt

    def _lit_alike(self, one: U8, other: U8) -> tuple[U8, U8]:
        """Both at one exposure: always that of the darker, so that it does not matter which comes first."""
        if one.mean() < other.mean():
            return one, self._match(other, one)
        return self._match(one, other), other


class _Mix:
    """A mean of masks around one of them, gathered one by one."""

    def __init__(self) -> None:
        self._pool = BufferPool()
        self._own: F32 | U8 = np.empty((0, 0), np.float32)
        self._sums: F32 = np.empty((0, 0), np.float32)
        self._shares = self._sums
        self._warm_up()

    def begin(self, own: F32 | U8) -> None:
        """The mask whose place it is: H×W, float32 in 0 … 1 or uint8 in 0 … 255; it weighs 1."""
        self._own = own
        if self._sums.shape != own.shape:
            self._sums, self._shares = (np.empty(own.shape, np.float32) for _ in range(2))
        self._sums.fill(0)
        self._shares.fill(0)

    def add(self, other: F32 | U8, doubt: U8, weight: float) -> None:
        """Another, of the same shape and dtype. doubt: uint8 of any size over the same frame. weight: 0 … 1."""
        height, width = self._own.shape
        if doubt.shape != (height, width):
            fitted: U8 = self._pool.take((height, width), np.uint8)
            doubt = cv2.resize(doubt, (width, height), dst=fitted, interpolation=cv2.INTER_LINEAR)
        _add(self._own, other, doubt, np.float32(weight), _scale(other), self._sums, self._shares)

    def end(self) -> F32 | U8:
        """The mean, of the same shape and dtype."""
        out: F32 | U8 = self._pool.take(self._own.shape, self._own.dtype)
        half = np.float32(0.5 if self._own.dtype == np.uint8 else 0)
        _end(self._own, _scale(self._own), half, self._sums, self._shares, out)
        return out

    def _warm_up(self) -> None:
        """Load or compile the kernels now: the first frame must not wait for it."""
        for dtype in (np.uint8, np.float32):
            data: npt.NDArray[Any] = np.zeros((2, 4), dtype)
            for own in (data, data[:, ::2]):  # as they come, and with gaps
                self.begin(own)
                for other in (own, own.copy()):
                    self.add(other, np.zeros((1, 1), np.uint8), 1.0)
                self.end()


def _scale(data: F32 | U8) -> np.float32:
    return np.float32(1 / 255 if data.dtype == np.uint8 else 1)


@numba.njit(inline="always")
def _fall(value, low, high):  # type: ignore[no-untyped-def]
    """1 up to low, 0 from high on, straight between."""
    part = (np.float32(high) - value) * np.float32(1 / (high - low))
    return min(max(part, np.float32(0)), np.float32(1))


@njit(nogil=True, cache=True)
def _add(own, other, doubt, weight, scale, sums, shares):  # type: ignore[no-untyped-def]
    """Differences to the own mask are summed, not values: masks that are all alike give back just what they say.

    Written without branches, so that it becomes vector code. NaN is not itself: it has no say, and heals.
    """
    zero, one = np.float32(0), np.float32(1)
    for y in range(own.shape[0]):
        for x in range(own.shape[1]):
            mine, value = np.float32(own[y, x]) * scale, np.float32(other[y, x]) * scale
            apart = abs(value - mine) if mine == mine else zero
            vouched = one - np.float32(doubt[y, x]) * np.float32(1 / 255)
            share = vouched * (np.float32(1 - TURNED) + np.float32(TURNED) * _fall(apart, TURNED_LOW, TURNED_HIGH))
            share += (one - vouched) * np.float32(KEPT) * _fall(apart, LOW, HIGH)
            share = share * weight if value == value else zero
            difference = value - mine if mine == mine else value
            sums[y, x] += share * (difference if value == value else zero)
            shares[y, x] += share


@njit(nogil=True, cache=True)
def _end(own, scale, half, sums, shares, out):  # type: ignore[no-untyped-def]
    up = np.float32(1) / scale
    for y in range(own.shape[0]):
        for x in range(own.shape[1]):
            mine, share, total = np.float32(own[y, x]) * scale, shares[y, x], sums[y, x]
            mean = mine + total / (np.float32(1) + share)
            # Where the own mask is NaN, the sum is of values.
            healed = total / max(share, np.float32(1e-6))
            out[y, x] = (mean if mine == mine else healed) * up + half
