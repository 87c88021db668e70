"""Light and colour of the skin: by hand, or as the rest of the picture says."""

from __future__ import annotations

from typing import Annotated

import numpy as np
import numpy.typing as npt
from pydantic import Field

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.views.blend import mix_picture
from rtskin.render.views.box import FAINT, around
from rtskin.render.views.parameters import Share

_pool = BufferPool()
F64 = npt.NDArray[np.float64]

#: -1 … 1; 0 changes nothing.
Turn = Annotated[float, Field(ge=-1, le=1)]

#: Gain of a channel at a turn of 1: a third of a stop.
_GAIN = 0.26
#: Gamma at a turn of 1.
_GAMMA = 2.0


def tone(picture: U8, mask: Mask, out: U8, *, brightness: Turn = 0.0, warmth: Turn = 0.0, tint: Turn = 0.0) -> U8:
    """uint8 H×W×3: the skin's tone, changed inside the mask only.

    brightness: of the middle tones (black and white stay). warmth: from blue to red. tint: from green to magenta.
    """
    gains = np.array([1 - warmth * _GAIN + tint * _GAIN / 2, 1 - tint * _GAIN, 1 + warmth * _GAIN + tint * _GAIN / 2])
    return _through(picture, mask, out, gains, _GAMMA**-brightness, 1.0)


class Balance:
    """White balance of the skin: the light's colour, as the rest of the picture shows it, is taken out of it.

    Grey world (Buchsbaum 1980): what is not skin is grey in the mean. It is looked at small, and averaged over a second or
    so, so that the skin does not change colour with what passes behind.

    strength: 0 … 1.
    """

    def __init__(self, *, strength: Share = 0.7) -> None:
        self._strength = strength
        self._mean: F64 | None = None

    def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
        """uint8 H×W×3: what is not skin stays."""
        if mask.frame.cut:
            self._mean = None  # another scene, another light
        seen = _around(picture, mask.data)
        if seen is not None:
            self._mean = seen if self._mean is None else self._mean + (seen - self._mean) * _FOLLOW
        if self._mean is None:
            return picture
        gains = np.clip(self._mean.mean() / np.maximum(self._mean, 1), 1 / _MOST, _MOST)
        return _through(picture, mask, out, gains, 1.0, self._strength)


#: Share of the new in the mean, a frame: a second at 30 frames a second.
_FOLLOW = 1 / 30
#: The largest gain of a channel: a picture that is all grass is not a green light.
_MOST = 1.5
#: Size of the picture that is looked at.
_SMALL = (64, 36)


def _around(picture: U8, mask: U8) -> F64 | None:
    """Mean blue, green, red of what is not skin; None where that is next to nothing."""
    small = cv2.resize(picture, _SMALL, interpolation=cv2.INTER_LINEAR)
    outside = cv2.resize(mask, _SMALL, interpolation=cv2.INTER_LINEAR) < 64
    # Burnt-out and black pixels have no colour to tell of.
    outside &= (small.max(axis=2) < 250) & (small.max(axis=2) > 15)
    return small[outside].mean(axis=0) if outside.mean() > 0.05 else None


def _through(picture: U8, mask: Mask, out: U8, gains: F64, gamma: float, strength: float) -> U8:
    """The skin's channels to the power of ``gamma`` and times ``gains``, mixed in by the mask."""
    box = around(mask.data)
    turned = picture
    if box is not None:  # what lies around it is not mixed in
        turned = _pool.take(picture.shape, np.uint8)
        turned[box] = _gained(_curved(picture[box], gamma), gains)
    mix_picture(picture, mask.data, out, turned, strength, faint=FAINT)
    return out


def _curved(part: U8, gamma: float) -> U8:
    if gamma == 1:
        return part
    return cv2.LUT(part, (np.power(np.arange(256) / 255, gamma) * 255 + 0.5).astype(np.uint8))


def _gained(part: U8, gains: F64) -> U8:
    # A matrix, since a table for each channel takes three times as long.
    return part if np.all(gains == 1) else cv2.transform(part, np.diag(gains).astype(np.float32))
