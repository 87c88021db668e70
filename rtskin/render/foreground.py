"""The skin's own colours where it is mixed with what is behind it, fast enough for large stills, with OpenCV alone.

Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): what is around a pixel, weighted by the mask and by its
complement, says what foreground and background look like there; the foreground is then moved so that both, mixed by the
mask, give the pixel. Once with wide windows, which reach over broad soft edges, then with narrow ones. Means over wide ones
are smooth, so they are taken of a small picture. (The view ``foreground`` is finer: it solves for all pixels together.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32
from rtskin.media import cv2

Pixels = npt.NDArray[Any]

#: Sides of the windows of the first and the second look, in pixels; the first is of a picture SMALLER times as small.
WIDE, NARROW = 23, 7
SMALLER = 4
#: Rows that are worked on at a time: what is in memory does not grow with the picture's height.
_ROWS = 256
#: Of a weight: what keeps a quotient finite.
_LEAST = np.float32(1e-5)


def own_colors(picture: Pixels, mask: Pixels) -> Pixels:
    """The picture with the foreground's colours where the mask (H×W, full scale) is between nothing and all, and 0 (black)
    where there is no foreground near; uint8 or uint16 H×W×3 as the picture; a mask of the same or another depth."""
    height, width = mask.shape
    out = np.zeros_like(picture)
    if not mask.any():
        return out
    size = (-(-width // SMALLER), -(-height // SMALLER))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA).astype(np.float32)
    thin = _unit(cv2.resize(mask, size, interpolation=cv2.INTER_AREA))
    front, behind, near = _means(small, small, thin, WIDE)
    reach = NARROW // 2
    for top in range(0, height, _ROWS):
        bottom = min(height, top + _ROWS)
        above, below = max(0, top - reach), min(height, bottom + reach)
        part = np.s_[above:below]
        means = [_rows(plane, above, below, (height, width)) for plane in (front, behind, near)]
        if means[2].any():
            found = _of_band(picture[part], mask[part], *means)
            out[top:bottom] = found[top - above : bottom - above]
    return out


def _of_band(picture: Pixels, mask: Pixels, front: F32, behind: F32, near: F32) -> Pixels:
    """Of some rows, whose wide means are known: of the foreground, of the background, and of the mask."""
    image, alpha = picture.astype(np.float32), _unit(mask)
    front = _fitting(image, front, behind, alpha)
    front, behind, _ = _means(front, np.ascontiguousarray(behind), alpha, NARROW)
    front = _fitting(image, front, behind, alpha)
    front += np.float32(0.5)
    found = np.clip(front, 0, np.iinfo(picture.dtype).max).astype(picture.dtype)
    whole = mask == np.iinfo(mask.dtype).max
    found[whole] = picture[whole]
    found[(near <= _LEAST) & (mask == 0)] = 0
    return found


def _means(front: F32, behind: F32, alpha: F32, side: int) -> tuple[F32, F32, F32]:
    """Over windows of that side: of the foreground and the background (H×W×3), each by its share, and of the mask (H×W)."""
    near = _blur(alpha, side)
    shares = alpha[..., None]
    mean_front = _blur(front * shares, side) / (near + _LEAST)[..., None]
    mean_behind = _blur(behind * (1 - shares), side) / (1 - near + _LEAST)[..., None]
    return mean_front, mean_behind, near


def _fitting(image: F32, front: F32, behind: F32, alpha: F32) -> F32:
    """The foreground, moved so that with the background it gives the picture."""
    shares = alpha[..., None]
    moved: F32 = front + shares * (image - shares * front - (1 - shares) * behind)
    return moved


def _rows(plane: F32, above: int, below: int, size: tuple[int, int]) -> F32:
    """Rows above … below of a small plane at full size (height, width)."""
    height, width = size
    scale = plane.shape[0] / height
    first = max(0, int(above * scale) - 2)
    last = min(plane.shape[0], int(below * scale) + 3)
    to_small = np.array(
        [
            [plane.shape[1] / width, 0, 0.5 * plane.shape[1] / width - 0.5],
            [0, scale, (above + 0.5) * scale - 0.5 - first],
        ],
        np.float32,
    )
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    grown: F32 = cv2.warpAffine(
        plane[first:last], to_small, (width, below - above), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return grown


def _unit(mask: Pixels) -> F32:
    return mask.astype(np.float32) / np.float32(np.iinfo(mask.dtype).max)


def _blur(plane: F32, side: int) -> F32:
    blurred: F32 = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return blurred
