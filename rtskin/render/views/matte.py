"""The mask itself, and how sure it is."""

from __future__ import annotations

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.render.views.parameters import Share


def matte(picture: U8, mask: Mask, out: U8) -> U8:
    """uint8 H×W, 0 … 255: the mask's own pixels, not a copy."""
    return mask.data


def heat(picture: U8, mask: Mask, out: U8, *, alpha: Share = 0.7) -> U8:
    """uint8 H×W×3: the probability of skin as colours, from blue (0) over green (a half) to red (1), over the picture."""
    cv2.applyColorMap(mask.data, cv2.COLORMAP_TURBO, dst=out)
    if alpha < 1:
        cv2.addWeighted(out, alpha, picture, 1 - alpha, 0, dst=out)
    return out
