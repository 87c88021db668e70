"""The beauty filter: skin without its texture, edges kept."""

from __future__ import annotations

from typing import Annotated

import numpy as np
from pydantic import Field

from rtskin.frame import F32, U8, Mask
from rtskin.kernels.jit import njit
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.views.parameters import Share

#: Side of the small grid on which the filter's lines are fitted, in pixels of the frame.
_GRID = 4
#: Differences of luma from here on are edges (standard deviation in a window, of 255).
_EDGE = 14.0
#: Radius of a window, as a share of the frame's height.
_RADIUS = 0.012

_pool = BufferPool()


def smooth_skin(
    picture: U8,
    mask: Mask,
    out: U8,
    *,
    strength: Share = 0.6,
    edges: Annotated[float, Field(gt=0, le=128)] = _EDGE,
) -> U8:
    """uint8 H×W×3: what is not skin stays bit-equal.

    A guided filter of the luma with itself (He, Sun and Tang, "Guided Image Filtering", and "Fast Guided Filter", arXiv
    1505.00996): in each window luma becomes a·luma + b, where a is near 1 across an edge and near 0 where it is nearly
    flat. The change of the luma is given to all three channels, so colours stay.

    strength: 0 … 1. edges: contrast, of 255, that is kept.
    """
    height, width = mask.data.shape
    luma = _pool.take((height, width), np.uint8)
    cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY, dst=luma)
    slope, offset = _lines(luma, max(1, round(_RADIUS * height / _GRID)), edges)
    wide = (width, slope.shape[0])
    _apply(
        np.ascontiguousarray(picture).reshape(height, 3 * width),
        luma,
        mask.data,
        cv2.resize(slope, wide, interpolation=cv2.INTER_LINEAR),
        cv2.resize(offset, wide, interpolation=cv2.INTER_LINEAR),
        np.float32(strength / 255),
        out.reshape(height, 3 * width),
    )
    return out


def _lines(luma: U8, radius: int, edges: float) -> tuple[F32, F32]:
    """The change of luma in each window as a line in it: (a - 1) and b, on the small grid."""
    height, width = luma.shape
    size = (max(1, width // _GRID), max(1, height // _GRID))
    window = (2 * radius + 1, 2 * radius + 1)
    # Every fourth pixel as it is, not an average of sixteen: the variance of the texture is what is asked for.
    small = cv2.resize(luma, size, interpolation=cv2.INTER_NEAREST)
    mean = cv2.boxFilter(small, cv2.CV_32F, window)
    variance = cv2.sqrBoxFilter(small, cv2.CV_32F, window) - mean * mean
    slope = -(edges * edges) / (variance + edges * edges)
    return cv2.boxFilter(slope, -1, window), cv2.boxFilter(-slope * mean, -1, window)


@njit(nogil=True, cache=True)
def _apply(bgr: U8, luma: U8, mask: U8, slope: F32, offset: F32, strength: np.float32, out: U8) -> None:
    height, width = mask.shape
    delta = np.empty(width, np.int16)
    for y in range(height):
        at = min(max((y + 0.5) * slope.shape[0] / height - 0.5, 0.0), slope.shape[0] - 1.0)
        top = int(at)
        below = min(top + 1, slope.shape[0] - 1)
        _delta(
            luma[y],
            mask[y],
            slope[top],
            slope[below],
            offset[top],
            offset[below],
            np.float32(at - top),
            strength,
            delta,
        )
        _add(bgr[y], delta, out[y])


@njit(nogil=True, cache=True)
def _delta(
    luma: U8, mask: U8, s0: F32, s1: F32, o0: F32, o1: F32, weight: np.float32, strength: np.float32, delta: U8
) -> None:
    for x in range(luma.shape[0]):
        slope = s0[x] + (s1[x] - s0[x]) * weight
        offset = o0[x] + (o1[x] - o0[x]) * weight
        change = (slope * np.float32(luma[x]) + offset) * strength * np.float32(mask[x])
        delta[x] = np.int16(np.int32(change + np.float32(256.5)) - 256)  # rounded also below zero


@njit(nogil=True, cache=True)
def _add(bgr: U8, delta: U8, out: U8) -> None:
    for x in range(delta.shape[0]):
        change = delta[x]
        for c in range(3):
            value = np.int16(np.int16(bgr[3 * x + c]) + change)
            out[3 * x + c] = np.uint8(min(max(value, np.int16(0)), np.int16(255)))
