"""Another edge of the mask, for the views that follow: ``feather:radius=4+cutout``."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import numpy as np
from pydantic import Field

from rtskin.errors import InputError
from rtskin.frame import U8, Mask, Scores
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.refine import Refiner
from rtskin.render.views.parameters import Pixels, Share

_pool = BufferPool()

#: Side of the small grid on which the edge is looked for, in pixels of the frame.
_GRID = 4


def feather(picture: U8, mask: Mask, out: U8, *, radius: Pixels = 4) -> Mask:
    """The mask, its edge softened over ``radius`` pixels to each side."""
    if radius == 0:
        return mask
    soft = _pool.take(mask.data.shape, np.uint8)
    side = 2 * (radius // 2) + 1
    # Two boxes make a tent, which has no end that one could see.
    cv2.blur(cv2.blur(mask.data, (side, side)), (side, side), dst=soft)
    return replace(mask, data=soft)


def step(picture: U8, mask: Mask, out: U8, *, low: Share = 0.3, high: Share = 0.7) -> Mask:
    """The mask, 0 below ``low`` and 255 above ``high``, a smooth step between."""
    if not low <= high:
        raise InputError(f"the step from low={low} to high={high} goes down; low must not be more than high")
    at = np.clip((np.arange(256) / 255 - low) / max(high - low, 1 / 255), 0, 1)
    curve = (at * at * (3 - 2 * at) * 255 + 0.5).astype(np.uint8)
    hard = _pool.take(mask.data.shape, np.uint8)
    cv2.LUT(mask.data, curve, dst=hard)
    return replace(mask, data=hard)


def guided(
    picture: U8, mask: Mask, out: U8, *, radius: Annotated[int, Field(ge=4, le=256)] = 16, eps: Share = 0.01
) -> Mask:
    """The mask, its edge put to where the picture has one, as :class:`rtskin.render.refine.Refiner` does it.

    radius: of the windows, in pixels of the frame. eps: variance of the luma (0 … 1) below which an edge is ignored.
    """
    height, width = mask.data.shape
    size = (max(1, width // _GRID), max(1, height // _GRID))
    small = cv2.resize(mask.data, size, interpolation=cv2.INTER_AREA)
    refiner = Refiner("guided", max(1, radius // _GRID), max(eps, 1e-6))
    return replace(mask, data=refiner(Scores(mask.frame, small)).data)
