"""The frame with its skin tinted and outlined."""

from __future__ import annotations

from rtskin.frame import U8, Frame, Mask
from rtskin.render.views import ViewSettings
from rtskin.render.views.blend import mix


def overlay(frame: Frame, mask: Mask, out: U8, settings: ViewSettings) -> U8:
    """uint8 H×W×3: pixels whose mask is 0 stay the frame's, bit for bit."""
    thickness = max(1, frame.height // 480) if settings.contour else 0
    mix(frame.bgr, mask.data, out, settings.color, settings.alpha, contour=thickness)
    return out
