"""The skin alone, before a plain colour, an image or a video."""

from __future__ import annotations

import math

import numpy as np

from rtskin.frame import U8, Frame, Mask
from rtskin.media import cv2
from rtskin.render.playback import Playback, seconds_of
from rtskin.render.views.backdrop import Backdrop
from rtskin.render.views.blend import mix, mix_picture
from rtskin.render.views.parameters import Bgr, Share
from rtskin.render.views.transfer import Transfer


class Cutout:
    """The picture where the mask is 255, the background where it is 0, mixed between.

    background: a colour (rrggbb), or the path of an image or a video (:func:`rtskin.render.views.backdrop.backdrop_of` says
    which it is), which fills the frame (what stands out is cut off); a video plays by the frames' times, and begins again at
    its end. transfer: how far the skin takes on the background's
    light and colour, 0 … 1 (with an image or a video).
    """

    def __init__(self, *, background: Backdrop = (0, 0, 0), transfer: Share = 0.0) -> None:
        #: One frame must come after the other where something plays behind it.
        self.stateful = not isinstance(background, tuple)
        self._color: Bgr = background if isinstance(background, tuple) else (0, 0, 0)
        self._playback = None if isinstance(background, tuple) else Playback(background)
        self._transfer = Transfer(transfer) if transfer and self._playback else None
        self._begin = math.nan
        self._fitted: tuple[Frame, U8] | None = None

    def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
        """uint8 H×W×3."""
        if self._playback is None:
            mix(picture, mask.data, out, self._color, inverse=True)
            return out
        behind = self._behind(mask.frame, self._playback)
        if self._transfer is not None:
            if mask.frame.cut:
                self._transfer.forget()
            picture = self._transfer(picture, mask.data, behind)
        mix_picture(picture, mask.data, out, behind, inverse=True)
        return out

    def close(self) -> None:
        """Give the file back."""
        if self._playback is not None:
            self._playback.close()

    def _behind(self, frame: Frame, playback: Playback) -> U8:
        now = seconds_of(frame)
        if math.isnan(self._begin):
            self._begin = now
        shown = playback.at(now - self._begin)
        size = (frame.width, frame.height)
        if self._fitted is None or self._fitted[0] is not shown or self._fitted[1].shape[1::-1] != size:
            self._fitted = (shown, _filling(shown.bgr, size))
        return self._fitted[1]


def _filling(picture: U8, size: tuple[int, int]) -> U8:
    """Scaled so that it fills ``size`` whole, and cut to it."""
    height, width = picture.shape[:2]
    scale = max(size[0] / width, size[1] / height)
    wide, high = max(size[0], round(width * scale)), max(size[1], round(height * scale))
    how = cv2.INTER_AREA if scale < 0.5 else cv2.INTER_LINEAR
    scaled = picture if (wide, high) == (width, height) else cv2.resize(picture, (wide, high), interpolation=how)
    left, top = (wide - size[0]) // 2, (high - size[1]) // 2
    return np.ascontiguousarray(scaled[top : top + size[1], left : left + size[0]])
