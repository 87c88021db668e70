"""The skin alone, before a plain colour."""

from __future__ import annotations

from rtskin.frame import U8, Frame, Mask
from rtskin.render.views import ViewSettings
from rtskin.render.views.blend import mix


def cutout(frame: Frame, mask: Mask, out: U8, settings: ViewSettings) -> U8:
    """uint8 H×W×3: the frame where the mask is 255, the background colour where it is 0, mixed between."""
    mix(frame.bgr, mask.data, out, settings.background, inverse=True)
    return out
