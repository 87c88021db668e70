"""How a mask changes from frame to frame, against how the truth does. Masks are uint8 H×W, 0 … 255.

- ``dtssd``, ``messddt``: Erofeev et al., Perceptually Motivated Benchmark for Video Matting, BMVC 2015. Normalised so that
  the size of the picture does not matter: dtSSD as the root of the mean over pixels (× 100), MESSDdt as the mean (× 1000).
- ``flicker``: mean absolute change (× 1000 of full scale) where the truth is still.
- ``trail``: mean mask (full scale is 1) in the band that the skin has just left: false skin, soft, so that a ghost counts.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from rtskin.evaluate.metrics import HALF
from rtskin.frame import F32, U8
from rtskin.media import cv2

#: Width of the bands in pixels of a picture with 720 lines; it grows with the picture.
BAND = 10
#: Frames for which what was skin counts as just left. Below 2 pixels a frame the band is narrower than BAND.
RECENT = 5
#: (sum, number of pixels): parts of a mean.
Parts = tuple[float, int]


def dtssd(mask: U8, before: U8, truth: U8, truth_before: U8) -> float:
    """Root of the mean over pixels of the squared difference between the change of the mask and that of the truth,
    full scale is 1, × 100."""
    change = _unit(mask) - _unit(before) - (_unit(truth) - _unit(truth_before))
    return 100 * float(np.sqrt(np.mean(np.square(change), dtype=np.float64)))


def messddt(mask: U8, after: U8, truth: U8, truth_after: U8, flow: F32) -> float | None:
    """Mean over pixels of how much the squared error changes along the motion, × 1000.

    flow: float32 H×W×2 (x, y), where a pixel is in the next frame, minus where it is. Pixels that leave the picture do not
    count; None where none stays. What another layer covers in the next frame counts, as published.
    """
    now = np.square(_unit(mask) - _unit(truth))
    then = np.square(_unit(after) - _unit(truth_after))
    moved, inside = along(then, flow)
    if not inside.any():
        return None
    return 1000 * float(np.abs(now - moved)[inside].mean(dtype=np.float64))


def flicker(mask: U8, before: U8, truth: U8, truth_before: U8) -> Parts:
    """Change of the mask (full scale is 1) summed over the pixels where the truth is still, and their number.

    Still: no pixel nearer than the band's width has a truth that changed. Near a moving edge a good mask has to change.
    """
    changed = (cv2.absdiff(truth, truth_before) > 1).astype(np.uint8)
    still = ~near(changed, band_of(truth))
    return float(cv2.absdiff(mask, before)[still].sum(dtype=np.int64)) / 255, int(np.count_nonzero(still))


def trail(mask: U8, truth: U8, earlier: Sequence[U8]) -> Parts:
    """The mask (full scale is 1) summed over the band just left, and the band's pixels.

    earlier: the truths of the last RECENT frames. The band: not a trace of skin now, skin in one of these, and no farther
    from the skin of now than the band's width.
    """
    skin = truth >= HALF
    was = np.zeros_like(skin)
    for one in earlier:
        was |= one >= HALF
    left = was & (truth == 0)
    if not left.any() or not skin.any():
        return 0.0, 0
    band = left & near(skin.astype(np.uint8), band_of(truth))
    return float(mask[band].sum(dtype=np.int64)) / 255, int(np.count_nonzero(band))


def band_of(picture: U8) -> float:
    """The band's width in pixels of this picture."""
    return float(BAND * min(picture.shape[:2]) / 720)


def near(where: U8, distance: float) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """bool H×W: pixels not farther than ``distance`` from one that is not 0 in ``where`` (uint8 H×W)."""
    if not where.any():
        return np.zeros(where.shape, bool)
    far = cv2.distanceTransform((where == 0).astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    found: np.ndarray[tuple[int, int], np.dtype[np.bool_]] = far <= distance
    return found


def along(plane: F32, flow: F32) -> tuple[F32, np.ndarray[tuple[int, int], np.dtype[np.bool_]]]:
    """A plane (or planes, H×W×C) of the next frame brought back to this one by the flow, and which pixels stay inside."""
    height, width = flow.shape[:2]
    x = flow[..., 0] + np.arange(width, dtype=np.float32)[None, :]
    y = flow[..., 1] + np.arange(height, dtype=np.float32)[:, None]
    moved = cv2.remap(plane, x, y, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    inside = (x >= 0) & (x <= width - 1) & (y >= 0) & (y <= height - 1)
    return moved, inside


def _unit(mask: U8) -> F32:
    return mask.astype(np.float32) * np.float32(1 / 255)
