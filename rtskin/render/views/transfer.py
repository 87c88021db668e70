"""The light and colour of one picture for what stands before it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, U8
from rtskin.media import cv2
from rtskin.pool import BufferPool

#: Size at which pictures are looked at.
_SMALL = (80, 45)
#: Share of the new in the statistics, a frame: half a second at 30 frames a second, so that nothing flickers.
_FOLLOW = 1 / 15
#: How far a contrast is stretched at most: a background of one colour would flatten the skin to it.
_LEAST, _MOST = 0.7, 1.4

F64 = npt.NDArray[np.float64]


class Transfer:
    """Colour transfer (Reinhard, Ashikhmin, Gooch and Shirley 2001): mean and spread of the skin go toward those behind it.

    In Y, Cr, Cb instead of lαβ: also without correlation to speak of, and a linear map of BGR, so that the whole is one
    3×4 matrix a frame. Luma keeps its order: a face before a dark wall is darkened by part of the difference only.

    strength: 0 … 1.
    """

    def __init__(self, strength: float) -> None:
        # Full strength would make skin as green as a meadow; half of the way is where it starts to look painted.
        self._share = np.array([0.5, 0.35, 0.35]) * strength
        self._seen: F64 | None = None
        self._pool = BufferPool()

    def forget(self) -> None:
        """Another scene begins."""
        self._seen = None

    def __call__(self, picture: U8, mask: U8, behind: U8) -> U8:
        """uint8 H×W×3 of the picture with the skin's colours turned; good wherever there is skin."""
        small = cv2.resize(mask, _SMALL, interpolation=cv2.INTER_LINEAR)
        if int(small.sum()) < 255 * 4:
            return picture
        seen = np.concatenate([_statistics(picture, small), _statistics(behind, np.full_like(small, 255))])
        self._seen = seen if self._seen is None else self._seen + (seen - self._seen) * _FOLLOW
        out: U8 = self._pool.take(picture.shape, np.uint8)
        cv2.transform(picture, _matrix(self._seen, self._share), dst=out)
        return out


def _statistics(picture: U8, weights: U8) -> F64:
    """Mean and standard deviation of Y, Cr, Cb: 6 numbers."""
    small = cv2.cvtColor(cv2.resize(picture, _SMALL, interpolation=cv2.INTER_LINEAR), cv2.COLOR_BGR2YCrCb)
    values, share = small.reshape(-1, 3).astype(np.float64), weights.reshape(-1, 1) / weights.sum()
    mean = (values * share).sum(axis=0)
    return np.concatenate([mean, np.sqrt(((values - mean) ** 2 * share).sum(axis=0))])


#: BGR to Y, Cr, Cb (without their middle of 128, which differences do not have).
_TO: F64 = np.array([[0.114, 0.587, 0.299], [-0.0813, -0.4187, 0.5], [0.5, -0.3313, -0.1687]])


def _matrix(seen: F64, share: F64) -> F32:
    mean, spread, other_mean, other_spread = seen[0:3], seen[3:6], seen[6:9], seen[9:12]
    gain = 1 + (np.clip(other_spread / np.maximum(spread, 1), _LEAST, _MOST) - 1) * share
    offset = (other_mean - mean) * share
    # y = to⁻¹ · (gain · (to·x - mean) + mean + offset); the means are of Y, Cr, Cb with their 128.
    middle = mean - np.array([0, 128, 128])
    linear: Any = np.linalg.inv(_TO) @ np.diag(gain) @ _TO
    constant: Any = np.linalg.inv(_TO) @ (middle * (1 - gain) + offset)
    return np.hstack([linear, constant[:, None]]).astype(np.float32)
