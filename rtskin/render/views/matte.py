"""The mask itself."""

from __future__ import annotations

from rtskin.frame import U8, Frame, Mask
from rtskin.render.views import ViewSettings


def matte(frame: Frame, mask: Mask, out: U8, settings: ViewSettings) -> U8:
    """uint8 H×W, 0 … 255: the mask's own pixels, not a copy."""
    return mask.data
