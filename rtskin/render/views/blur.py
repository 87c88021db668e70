"""What is not to be recognised, or not to be looked at: blurred, or in large pixels."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.views.blend import mix_picture
from rtskin.render.views.box import around
from rtskin.render.views.parameters import Share

#: Of the blur (its standard deviation) and of large pixels, as a share of the frame's height at strength 1.
_SIGMA = 0.04
#: Blurs are made on a picture so much smaller that this is left of the standard deviation, in pixels: more is not seen.
_LEFT = 2.0

_pool = BufferPool()


def background_blur(picture: U8, mask: Mask, out: U8, *, strength: Share = 0.5) -> U8:
    """uint8 H×W×3: what is not skin is blurred; the skin's colour does not bleed into it.

    strength: standard deviation of the blur, 1 is 4 % of the frame's height.
    """
    mix_picture(picture, mask.data, out, _blurred(picture, strength, cv2.bitwise_not(mask.data)), inverse=True)
    return out


def skin_blur(picture: U8, mask: Mask, out: U8, *, strength: Share = 0.7) -> U8:
    """uint8 H×W×3: the skin is blurred, as strongly as for :func:`background_blur`."""
    mix_picture(picture, mask.data, out, _blurred(picture, strength, None))
    return out


def pixelate(
    picture: U8, mask: Mask, out: U8, *, size: Annotated[float, Field(gt=0, le=0.5)] = 0.03, share: Share = 0.1
) -> U8:
    """uint8 H×W×3: skin in large pixels.

    size: of the large pixels, as a share of the frame's height. share: of skin in a large pixel, from which on it is one:
    whole blocks are hidden, since a soft edge would leave the outline readable.
    """
    side = max(2, round(size * mask.data.shape[0]))
    box = around(mask.data, side)
    np.copyto(out, picture)
    if box is None:
        return out
    part, skin = picture[box], mask.data[box]
    height, width = skin.shape
    grid = (max(1, round(width / side)), max(1, round(height / side)))
    hidden = np.where(_smaller(skin, grid) > 255 * share, np.uint8(255), np.uint8(0))
    whole = cv2.resize(hidden, (width, height), interpolation=cv2.INTER_NEAREST)
    blocks = cv2.resize(_smaller(part, grid), (width, height), interpolation=cv2.INTER_NEAREST)
    cv2.copyTo(blocks, whole, out[box])
    return out


def _blurred(picture: U8, strength: float, weights: U8 | None) -> U8:
    """The picture blurred; pixels count by ``weights`` (0 … 255), all alike without."""
    height, width = picture.shape[:2]
    sigma = strength * _SIGMA * height
    if sigma < 0.3:
        return picture
    less = max(1, int(sigma / _LEFT))
    size = (max(1, width // less), max(1, height // less))
    small = _smaller(picture, size)
    if weights is None:
        small = cv2.GaussianBlur(small, (0, 0), sigma / less)
    else:
        small = _weighted(small, _smaller(weights, size), sigma / less)
    out = _pool.take(picture.shape, np.uint8)
    return cv2.resize(small, (width, height), dst=out, interpolation=cv2.INTER_LINEAR)


def _smaller(plane: U8, size: tuple[int, int]) -> U8:
    # cv2 averages areas fast only in halves: those first, and the rest by interpolation between what is smooth by then.
    while plane.shape[1] >= 2 * size[0] and plane.shape[0] >= 2 * size[1]:
        half = (plane.shape[1] // 2, plane.shape[0] // 2)
        plane = cv2.resize(plane[: 2 * half[1], : 2 * half[0]], half, interpolation=cv2.INTER_AREA)
    return cv2.resize(plane, size, interpolation=cv2.INTER_LINEAR)


def _weighted(small: U8, weights: U8, sigma: float) -> U8:
    # One in 255 stays, so that deep inside a large region there is something to divide by (the region's own colour).
    share = (weights.astype(np.float32) + 1) / 256
    sums = cv2.GaussianBlur(small * share[..., None], (0, 0), sigma)
    total = cv2.GaussianBlur(share, (0, 0), sigma)
    return np.clip(sums / total[..., None] + 0.5, 0, 255).astype(np.uint8)
