"""The skin's own colours where it is mixed with what is behind it, fast enough for large stills, with OpenCV alone.

Forte, "Approximate Fast Foreground Colour Estimation" (ICIP 2021): what is around a pixel, weighted by the mask and by its
complement, says what foreground and background look like there; the foreground is then moved so that both, mixed by the
mask, give the pixel. Once with wide windows, which reach over broad soft edges, then with narrow ones. (The view
``foreground`` is slower and finer: it solves for all pixels together.)
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32
from rtskin.media import cv2

Pixels = npt.NDArray[Any]

#: Sides of the windows of the first and the second look, in pixels.
WIDE, NARROW = 91, 7
#: Rows that are worked on at a time: what is in memory does not grow with the picture's height.
_ROWS = 256
#: Of a weight: what keeps a quotient finite.
_LEAST = np.float32(1e-5)


def own_colors(picture: Pixels, mask: Pixels) -> Pixels:
    """The picture with the foreground's colours where the mask (H×W, full scale) is between nothing and all, and 0 (black)
    where there is no foreground near; uint8 or uint16 H×W×3 as the picture; a mask of the same or another depth."""
    out = np.zeros_like(picture)
    height = mask.shape[0]
    reach = WIDE // 2 + NARROW // 2
    for top in range(0, height, _ROWS):
        bottom = min(height, top + _ROWS)
        above, below = max(0, top - reach), min(height, bottom + reach)
        band = mask[above:below]
        columns = np.flatnonzero(band.any(axis=0))
        if len(columns):
            sides = slice(max(0, columns[0] - reach), columns[-1] + 1 + reach)
            found = _of_band(picture[above:below, sides], band[:, sides])
            out[top:bottom, sides] = found[top - above : bottom - above]
    return out


def _of_band(picture: Pixels, mask: Pixels) -> Pixels:
    full = np.float32(np.iinfo(mask.dtype).max)
    if (mask == full).all():
        return picture
    alpha = (mask.astype(np.float32) / full)[..., None]
    image = picture.astype(np.float32)
    front, behind = _estimate(image, image, image, alpha, WIDE)
    front, _ = _estimate(image, front, behind, alpha, NARROW)
    most = np.iinfo(picture.dtype).max
    found = np.clip(front + np.float32(0.5), 0, most).astype(picture.dtype)
    whole = mask == full
    found[whole] = picture[whole]
    found[_blur(alpha, WIDE)[..., 0] <= _LEAST] = 0
    return found


def _estimate(image: F32, front: F32, behind: F32, alpha: F32, side: int) -> tuple[F32, F32]:
    """Foreground, and the mean background of the windows; float32 H×W×3. front, behind: as far as they are known."""
    near = _blur(alpha, side)
    mean_front = _blur(front * alpha, side) / (near + _LEAST)
    mean_behind = _blur(behind * (1 - alpha), side) / (1 - near + _LEAST)
    return mean_front + alpha * (image - alpha * mean_front - (1 - alpha) * mean_behind), mean_behind


def _blur(plane: F32, side: int) -> F32:
    blurred: F32 = cv2.blur(plane, (side, side), borderType=cv2.BORDER_REFLECT_101)
    return blurred.reshape(plane.shape)
