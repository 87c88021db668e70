"""Views on the device: the pictures of rtskin.render.views.blend, to the last bit where the mask and the picture are."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import torch
from torch.nn import functional as F

from rtskin.errors import InputError
from rtskin.registry import VIEWS
from rtskin.render.views.blend import INSIDE
from rtskin.render.views.box import FAINT
from rtskin.render.views.parameters import Bgr, checked
from rtskin.render.views.text import parse_views

#: What can be made on the device.
NAMES = ("contour", "cutout", "matte", "overlay")

#: (how to get the picture uint8 H×W×3, the mask uint8 H×W, pixels of a contour) → a picture, or the mask.
View = Callable[[Callable[[], torch.Tensor], torch.Tensor, int], torch.Tensor]


def parse_view(text: str) -> View:
    """The view that is written there; InputError, UnknownNameError where it is none, or none that is made here."""
    said = parse_views(text)
    names = [name for name, _ in said]
    for name in names:
        VIEWS.get(name)
    if len(said) != 1 or names[0] not in NAMES:
        raise InputError(
            f"the view {text!r} is not made on a GPU, which has one of {', '.join(NAMES)} at a time; use one of them, "
            "or let masks come down (a node of the kind 'gpu-mask') and a node of the kind 'render' make the picture"
        )
    name, words = said[0]
    given = checked(name, VIEWS.get(name), words)
    if name == "matte":
        return lambda picture, mask, width: mask
    if name == "cutout":
        return _cutout(text, **given)
    if name == "contour":
        return partial(_overlay, color=given["color"], alpha=0.0, contour=True, faint=0)
    return partial(_overlay, color=given["color"], alpha=given["alpha"], contour=given["contour"], faint=FAINT)


def _cutout(text: str, *, background: object, transfer: float) -> View:
    if not isinstance(background, tuple):
        raise InputError(f"the view {text!r}: a GPU cuts out before a plain colour; write cutout:background=rrggbb")
    return lambda picture, mask, width: _mix(picture(), _weights(255 - mask.to(torch.int32), 1.0, 0), background)


def _overlay(
    picture: Callable[[], torch.Tensor],
    mask: torch.Tensor,
    width: int,
    *,
    color: Bgr,
    alpha: float,
    contour: bool,
    faint: int,
) -> torch.Tensor:
    weights = _weights(mask.to(torch.int32), alpha, faint)
    if contour:
        weights = torch.where(_rim(mask >= INSIDE, width), 255, weights)
    return _mix(picture(), weights, color)


def _weights(mask: torch.Tensor, alpha: float, faint: int) -> torch.Tensor:
    """0 … 255, int32: alpha · mask, and nothing below ``faint``."""
    weights = (mask * round(256 * alpha) + 127) >> 8
    return weights * (weights >= faint) if faint else weights


def _rim(inside: torch.Tensor, thickness: int) -> torch.Tensor:
    """Pixels inside that have one outside at ``thickness`` to the left, right, up or down; what lies beyond is as the border
    is upward and downward, and nothing sideways."""
    held = F.pad(inside[None, None].to(torch.float32), (0, 0, thickness, thickness), mode="replicate")[0, 0] > 0
    outside = ~(held[: -2 * thickness] & held[2 * thickness :])
    if thickness < inside.shape[1]:
        outside[:, thickness:] |= ~inside[:, :-thickness]
        outside[:, :-thickness] |= ~inside[:, thickness:]
    return inside & outside


def _mix(picture: torch.Tensor, weights: torch.Tensor, color: Bgr) -> torch.Tensor:
    """picture + (color − picture) · weights / 255, rounded: uint8 H×W×3."""
    weights = weights[..., None]
    # The colour is not sent up: a copy would hold this thread until the device is done.
    tint = torch.cat([weights * level for level in color], 2)
    total = picture.to(torch.int32) * (255 - weights) + tint + 128
    return ((total + (total >> 8)) >> 8).to(torch.uint8)
