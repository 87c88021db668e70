"""Views that take their time: for files, not for a camera."""

from __future__ import annotations

import numpy as np

from rtskin.errors import InputError, MissingExtraError
from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.render.views.backdrop import Backdrop
from rtskin.render.views.box import around
from rtskin.render.views.cutout import Cutout

#: Pixels around the skin that are looked at too.
_BORDER = 8


class Foreground:
    """The skin's own colours, also where it is mixed with what is behind it: ``foreground+cutout``.

    Multi-level foreground estimation (Germer, Uelwer, Conrad and Harmeling, arXiv 2006.14970) by pymatting. About 0.3 s a
    megapixel. MissingExtraError without the extra ``matting``.
    """

    live = False
    stateful = False

    def __init__(self) -> None:
        try:
            from pymatting import estimate_foreground_ml
        except ImportError:
            raise MissingExtraError("pymatting", "matting", "the view foreground") from None
        self._estimate = estimate_foreground_ml

    def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
        """uint8 H×W×3."""
        box = around(mask.data, _BORDER)
        if box is None:
            return picture
        found = self._estimate(picture[box] / 255.0, mask.data[box] / 255.0)
        np.copyto(out, picture)
        out[box] = np.clip(found * 255 + 0.5, 0, 255).astype(np.uint8)
        return out


class SeamlessClone:
    """The skin cloned into a background so that its border takes on the colours there.

    Poisson image editing (Pérez, Gangnet and Blake 2003) by OpenCV: the gradients of the skin are kept, its colours are
    those that fit to the border. A second a megapixel, and each frame by itself.

    background: path of an image or a video.
    """

    live = False

    def __init__(self, *, background: Backdrop) -> None:
        if isinstance(background, tuple):
            raise InputError("seamless-clone needs an image or a video as background; before a colour use cutout")
        self._cutout = Cutout(background=background)

    def __call__(self, picture: U8, mask: Mask, out: U8) -> U8:
        """uint8 H×W×3."""
        hard = np.where(mask.data >= 128, np.uint8(255), np.uint8(0))
        # A clone that touches the frame's border has no colours to fit to there.
        hard[[0, -1]] = hard[:, [0, -1]] = 0
        box = around(hard, _BORDER)
        behind = self._cutout(picture, Mask(mask.frame, np.zeros_like(mask.data)), out)
        if box is None:
            return behind
        # OpenCV puts the middle of the mask's own rectangle there.
        x, y, width, height = cv2.boundingRect(hard)
        middle = (x + width // 2, y + height // 2)
        return cv2.seamlessClone(picture[box], behind.copy(), hard[box], middle, cv2.NORMAL_CLONE)

    def close(self) -> None:
        """Give the file back."""
        self._cutout.close()
