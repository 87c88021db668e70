"""Warping error: how much a mask differs from the next one, once the picture's motion is taken out of it.

Lai et al., Learning Blind Video Temporal Consistency, ECCV 2018 (arXiv 1808.00449), sec. 4.2: the squared difference between
the mask and the next one warped back by optical flow, meaned over the pixels that are not occluded. Which are, is told by
Ruder et al., Artistic Style Transfer for Videos, GCPR 2016 (arXiv 1604.08610), sec. 3.3: forward and backward flow disagree,
or the flow has an edge there. Full scale of the mask is 1; × 1000.

The flow is robust local optical flow (Senst et al., IEEE TCSVT 2012; OpenCV's contrib module), not the DIS flow that
filters use: a filter must not be judged by its own ruler. Of a ruler it is asked that exact masks, which move with the
picture, have next to no error by it: of four flows it does best on motion clips, on the whole (`python -m bench.ruler`,
table in bench/README.md), but for a waved hand that fills the picture, where all fail: 2.6 by this one, 0.5 by TV-L1.
There it measures itself. It is found on small pictures (0.3 s a direction) and enlarged to the masks' size.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import cast

import numpy as np
import numpy.typing as npt

from rtskin.evaluate.video.temporal import along
from rtskin.frame import F32, U8
from rtskin.media import cv2

#: Columns that the flow is found at.
COLUMNS = 384
F16 = npt.NDArray[np.float16]
Bools = npt.NDArray[np.bool_]
#: (before, now), both uint8 h×w×3 BGR → float32 h×w×2: what is at p before is at p + flow[p] now.
FindFlow = Callable[[U8, U8], F32]


@dataclass(frozen=True)
class Motion:
    """What happened between a frame and the next, small: forward flow (float16 h×w×2, pixels of the small picture) and which
    pixels can be compared (bool h×w)."""

    flow: F16
    seen: Bools


class MotionFinder:
    """Frames in order → the Motion between each and the next. Used by one thread.

    columns: of the pictures that the flow is found on. flow: another ruler.
    """

    def __init__(self, columns: int = COLUMNS, flow: FindFlow | None = None) -> None:
        self._columns = columns
        self._flow = flow or rlof()
        self._before: U8 | None = None

    def __call__(self, picture: U8) -> Motion | None:
        """uint8 H×W×3 BGR; None for the first."""
        height, width = picture.shape[:2]
        columns = min(self._columns, width)
        now = cv2.resize(picture, (columns, max(1, round(height * columns / width))), interpolation=cv2.INTER_AREA)
        before, self._before = self._before, now
        if before is None:
            return None
        forth, back = self._flow(before, now), self._flow(now, before)
        return Motion(forth.astype(np.float16), visible(forth, back))


def rlof() -> FindFlow:
    """The ruler."""
    flow = cv2.optflow.createOptFlow_DenseRLOF()
    return lambda before, now: cast(F32, flow.calc(before, now, None))


def visible(forth: F32, back: F32) -> Bools:
    """bool H×W: pixels whose way there and back is closed, off the edges of the motion (Ruder et al. 2016)."""
    returned, inside = along(back, forth)
    open_end = _squared(forth + returned)
    occluded = open_end > 0.01 * (_squared(forth) + _squared(returned)) + 0.5
    slopes = [np.square(np.gradient(forth[..., axis], axis=way)) for axis in range(2) for way in range(2)]
    edge = np.sum(slopes, axis=0) > 0.01 * _squared(forth) + 0.002
    seen: Bools = inside & ~occluded & ~edge
    return seen


def warping_error(mask: U8, after: U8, motion: Motion) -> float | None:
    """Mean squared difference (× 1000) of ``mask`` and the next one, both uint8 H×W, brought back; None: all is occluded."""
    height, width = mask.shape
    rows, columns = motion.seen.shape
    flow = cv2.resize(motion.flow.astype(np.float32), (width, height), interpolation=cv2.INTER_LINEAR)
    flow *= np.array([width / columns, height / rows], np.float32)
    seen = cv2.resize(motion.seen.astype(np.uint8), (width, height), interpolation=cv2.INTER_NEAREST) > 0
    moved, inside = along(after.astype(np.float32), flow)
    compared = seen & inside
    if not compared.any():
        return None
    return 1000 / 255**2 * float(np.square(moved - mask)[compared].mean(dtype=np.float64))


def _squared(flow: F32) -> F32:
    total: F32 = np.square(flow).sum(axis=2)
    return total
