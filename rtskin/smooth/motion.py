"""Motion between two frames: dense optical flow at a small size, and a mask moved by it.

The flow is OpenCV's DIS (Kroeger et al., "Fast Optical Flow using Dense Inverse Search", ECCV 2016) between small lumas
(rtskin.preprocess.small: 256×144 of 1280×720). What it says is believed where the flow back agrees with it (Sundaram et
al., "Dense Point Trajectories by GPU-accelerated Large Displacement Optical Flow", ECCV 2010, eq. 5).
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from rtskin.frame import F32, U8
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool

#: Pixels: a picture with a shorter side is too small for the patches of DIS, and is taken to stand still.
SMALLEST = 16
#: Sundaram's constants: |flow + flow back|² may be ALLOWED_SHARE of their squares plus ALLOWED, in pixels of the small luma.
ALLOWED_SHARE, ALLOWED = 0.01, 0.5
#: Pixels of a picture that is small enough to be looked at closely in any case: at half its size instead of a quarter.
CLOSE = 20_000
#: Pixels from one patch of 8×8 to the next, of the size that is searched. Measured on five real clips, where they change:
#: FAR takes 0.72 of the time of NEAR and leaves 1.03 of its difference; every 6 pixels 0.60 and 1.07.
NEAR, FAR = 4, 5
#: Changed less than this (0 … 255), a place looks enough like before, unmoved, that motion there is believed in part only.
STAYED = 64
#: Pixels of the small luma: less is noise of the flow, and moving a mask by it would only blur it.
STILL = 0.2


class Motion(NamedTuple):
    """From ``now`` back to ``before``.

    flow: float32 h×w×2, x and y in pixels of the small luma: what is at p now was at p + flow[p] before.
    lost: uint8 h×w, 255 where that is not to be believed (uncovered just now, left the picture, or not found), else 0.
    still: no pixel moved by more than STILL, so that nothing need be moved.
    """

    flow: F32
    lost: U8
    still: bool


class FlowField:
    """Dense flow with what is unreliable in it; about 0.7 ms for both directions at 256×144. One thread at a time.

    finely: the flow back is searched for closely in pictures of any size; the one forth, which only checks it, is not. Twice
    the time.
    """

    def __init__(self, finely: bool = False) -> None:
        self._finely = finely
        self._coarse, self._close = _dis(2), _dis(1, FAR if finely else NEAR)
        self._pool = BufferPool()
        flow, zero = np.zeros((1, 1, 2), np.float32), np.zeros((1, 1), np.uint8)
        _lost(flow, flow, zero)
        _settle(flow, zero, zero)

    def __call__(self, before: U8, now: U8) -> Motion:
        """Both uint8 h×w, of one size."""
        return self._checked(*self._fields(before, now))

    def both(self, before: U8, now: U8) -> tuple[Motion, Motion]:
        """The motion from ``now`` back to ``before``, and the other from ``before`` to ``now``, for little more than one."""
        back, forth = self._fields(before, now)
        kept: F32 = self._pool.take(back.shape, np.float32)
        np.copyto(kept, back)
        return self._checked(back, forth), self._checked(forth, kept)

    def _fields(self, before: U8, now: U8) -> tuple[F32, F32]:
        back, forth = (self._pool.take((*now.shape, 2), np.float32) for _ in range(2))
        # DIS starts from what it is given, so it is given nothing of the frames before.
        back.fill(0)
        forth.fill(0)
        if min(now.shape) >= SMALLEST:
            small = now.size <= CLOSE
            (self._close if small or self._finely else self._coarse).calc(now, before, back)
            (self._close if small else self._coarse).calc(before, now, forth)
        return back, forth

    def _checked(self, back: F32, forth: F32) -> Motion:
        lost: U8 = self._pool.take(back.shape[:2], np.uint8)
        return Motion(back, lost, not _lost(back, forth, lost))


def _dis(finest: int, apart: int = NEAR) -> cv2.DISOpticalFlow:
    """finest: how often the picture is halved before the closest look. apart: pixels from one patch to the next."""
    dis = cv2.DISOpticalFlow_create(cv2.DISOPTICAL_FLOW_PRESET_ULTRAFAST)  # type: ignore[attr-defined]
    dis.setFinestScale(finest)
    dis.setPatchStride(apart)
    return dis


def settle(motion: Motion, changed: U8) -> None:
    """Hold still what looks the same where it is, in place; ``lost`` is nothing that does.

    Flow between two pictures is smooth and creeps from what moves into what stands beside it. Where nothing changed, none
    is needed: either nothing moved, or it looks alike along its way.

    changed: uint8 h×w, how much the picture differs without motion, 255 = surely.
    """
    _settle(motion.flow, motion.lost, changed)


class Mover:
    """Moves masks by a Motion, whatever the size of the mask. One thread at a time."""

    def __init__(self) -> None:
        self._pool = BufferPool()
        _places(np.zeros((1, 1, 2), np.float32), np.float32(1), np.float32(1))

    def __call__(self, mask: F32 | U8, motion: Motion) -> F32 | U8:
        """The mask where things are now: of the same shape and dtype; ``mask`` itself where nothing moved.

        mask: H×W, float32 or uint8, over the same frame as the flow.
        """
        return mask if motion.still else self._moved(mask, self._places(mask.shape, motion))

    def in_place(self, motion: Motion, *planes: F32) -> None:
        """The same in place. planes: float32 H×W, of one size."""
        if motion.still:
            return
        places = self._places(planes[0].shape, motion)
        for plane in planes:
            np.copyto(plane, self._moved(plane, places))

    def _places(self, size: tuple[int, ...], motion: Motion) -> F32:
        """Where what is at each pixel of that size comes from: float32 H×W×2."""
        height, width = size
        rows, columns = motion.lost.shape
        places: F32 = self._pool.take((height, width, 2), np.float32)
        cv2.resize(motion.flow, (width, height), dst=places, interpolation=cv2.INTER_LINEAR)
        _places(places, np.float32(width / columns), np.float32(height / rows))
        return places

    def _moved(self, mask: F32 | U8, places: F32) -> F32 | U8:
        moved: F32 | U8 = self._pool.take(mask.shape, mask.dtype)
        cv2.remap(mask, places, None, cv2.INTER_LINEAR, dst=moved, borderMode=cv2.BORDER_REPLICATE)
        return moved


@njit(nogil=True, cache=True)
def _lost(back, forth, lost):  # type: ignore[no-untyped-def]
    """Fills ``lost``, makes ``back`` 0 where it is noise; did anything move?"""
    height, width = lost.shape
    moved = False
    for y in range(height):
        for x in range(width):
            u, v = back[y, x, 0], back[y, x, 1]
            far = u * u + v * v
            if far < np.float32(STILL * STILL):
                back[y, x, 0] = back[y, x, 1] = 0
                lost[y, x] = 0
                continue
            moved = True
            at_x, at_y = int(np.floor(x + u + 0.5)), int(np.floor(y + v + 0.5))
            if at_x < 0 or at_y < 0 or at_x >= width or at_y >= height:
                lost[y, x] = 255
                continue
            p, q = forth[at_y, at_x, 0], forth[at_y, at_x, 1]
            error = (u + p) * (u + p) + (v + q) * (v + q)
            allowed = np.float32(ALLOWED_SHARE) * (far + p * p + q * q) + np.float32(ALLOWED)
            lost[y, x] = 255 if error > allowed else 0
    return moved


@njit(nogil=True, cache=True)
def _settle(flow, lost, changed):  # type: ignore[no-untyped-def]
    """Flow in proportion to the change up to STAYED; up to half of that nothing is lost."""
    height, width = lost.shape
    for y in range(height):
        for x in range(width):
            part = min(np.float32(changed[y, x]) * np.float32(1 / STAYED), np.float32(1))
            flow[y, x, 0] *= part
            flow[y, x, 1] *= part
            if 2 * changed[y, x] < STAYED:
                lost[y, x] = 0


@njit(nogil=True, cache=True)
def _places(flow, across, down):  # type: ignore[no-untyped-def]
    """A flow, in place, to the places it points at, in pixels that are ``across`` and ``down`` times as small."""
    for y in range(flow.shape[0]):
        for x in range(flow.shape[1]):
            flow[y, x, 0] = x + flow[y, x, 0] * across
            flow[y, x, 1] = y + flow[y, x, 1] * down
