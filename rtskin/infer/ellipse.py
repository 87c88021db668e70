"""The classical baseline: a pixel is skin if its colour lies in an ellipse of the Cb–Cr plane."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import cache
from typing import Any

import numpy as np

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.frame import U8, BgrPicture, Frame, Prepared, Scores, SourceInfo
from rtskin.infer.base import BaseSegmenter, RuntimeInfo
from rtskin.infer.cards import Card
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool

#: Centre (Cb, Cr), semi-axes and angle in degrees.
CENTRE = (119.31423371, 155.55795465)
AXES = (37.08939763, 14.80887170)
ANGLE = 148.63290800


class EllipseSegmenter(BaseSegmenter):
    """Works at the frame's full size; Scores.data is uint8 H×W, 0 … 255.

    Inside the ellipse (:func:`table`, in OpenCV's YCrCb) is 255; then 3×3 elliptical erosion twice, dilation twice, which
    take specks away, and a 3×3 Gaussian. ``prepare`` converts the colours, so that two threads share the work.
    """

    def __init__(self, card: Card, *, device: str, threads: int | None, options: Mapping[str, Any]) -> None:
        if device not in ("auto", "cpu"):
            raise RuntimeUnavailableError(f"{card.name!r} runs on the CPU only, not on {device!r}; use auto or cpu")
        if options:
            raise InputError(f"{card.name!r} has no runtime options; leave out {', '.join(sorted(options))}")
        self.card = card
        # One thread whatever is asked: each step takes under a millisecond, too short to be shared.
        self.info = RuntimeInfo("opencv", "cpu", "uint8", 1)
        self._table = table()
        self._kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
        self._pool = BufferPool()

    def prepare(self, frame: Frame) -> Prepared:
        """The tensor is uint8 H×W×3 YCrCb."""
        bgr = frame.bgr
        ycrcb = self._pool.take(bgr.shape, np.uint8)
        cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb, dst=ycrcb)
        return Prepared(frame, self, ycrcb)

    def infer(self, prepared: Prepared) -> Scores:
        assert prepared.tensor is not None
        height, width = prepared.tensor.shape[:2]
        mask, spare = (self._pool.take((height, width), np.uint8) for _ in range(2))
        look_up(prepared.tensor.reshape(-1), self._table, mask.reshape(-1))
        cv2.erode(mask, self._kernel, dst=spare, iterations=2)
        cv2.dilate(spare, self._kernel, dst=mask, iterations=2)
        cv2.GaussianBlur(mask, (3, 3), 0, dst=spare)
        return Scores(prepared.frame, spare, self.card.name)

    def warm_up(self) -> None:
        black = BgrPicture(np.zeros((2, 2, 3), np.uint8))
        self.infer(self.prepare(Frame(0, black, SourceInfo("warm-up", 2, 2))))


@cache
def table() -> U8:
    """uint8 256·256: 255 where 256·Cr + Cb lies in the ellipse, else 0."""
    angle = math.radians(ANGLE)
    cosine, sine = math.cos(angle), math.sin(angle)
    cr, cb = np.mgrid[:256, :256].astype(np.float64)
    u, v = cb - CENTRE[0], cr - CENTRE[1]
    x, y = cosine * u + sine * v, -sine * u + cosine * v
    inside = (x / AXES[0]) ** 2 + (y / AXES[1]) ** 2 <= 1.0
    return np.where(inside, 255, 0).astype(np.uint8).reshape(-1)


@njit(nogil=True, cache=True)
def look_up(ycrcb: U8, table: U8, out: U8) -> None:
    """out[i] = table[256·Cr + Cb] of pixel i; ycrcb holds Y, Cr, Cb of one pixel after the other."""
    # Unsigned indices spare numba the test for negative ones.
    at, one, three = np.uint64(1), np.uint64(1), np.uint64(3)
    for i in range(out.size):
        out[i] = table[(np.uint64(ycrcb[at]) << np.uint64(8)) | np.uint64(ycrcb[at + one])]
        at += three
