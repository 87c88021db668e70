"""The picture with its skin tinted and outlined."""

from __future__ import annotations

from rtskin.frame import U8, Frame, Mask
from rtskin.render.views.blend import mix
from rtskin.render.views.box import FAINT
from rtskin.render.views.parameters import Color, Share

GREEN = (80, 200, 0)


def overlay(picture: U8, mask: Mask, out: U8, *, color: Color = GREEN, alpha: Share = 0.5, contour: bool = True) -> U8:
    """uint8 H×W×3: pixels stay the picture's, bit for bit, where the mask is 0 or the tint too faint to be seen.

    alpha: opacity of the tint where the mask is full. contour: draw a line around the skin.
    """
    mix(picture, mask.data, out, color, alpha, contour=line_width(mask.frame) if contour else 0, faint=FAINT)
    return out


def contour(picture: U8, mask: Mask, out: U8, *, color: Color = GREEN) -> U8:
    """uint8 H×W×3: a line around the skin, inside it, and nothing else."""
    mix(picture, mask.data, out, color, 0.0, contour=line_width(mask.frame))
    return out


def line_width(frame: Frame) -> int:
    """Of contours, in pixels: as wide to the eye at any size."""
    return max(1, frame.height // 480)
