"""The band along a mask's edge, for boundary IoU (Cheng et al., Boundary IoU, CVPR 2021, arXiv 2103.16562)."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from rtskin.frame import U8
from rtskin.media import cv2

#: Width of the band, as a part of the picture's diagonal: the paper's default for everyday pictures.
DILATION = 0.02


def band(skin: npt.NDArray[np.bool_]) -> npt.NDArray[np.bool_]:
    """The pixels of a mask that are near its edge; bool H×W of bool H×W.

    Near: within :func:`width` pixels (chessboard distance) of a pixel that is no skin. What lies outside of the picture is
    none, so skin that is cut off by the frame has an edge there, as in the authors' own code.
    """
    reach = width(*skin.shape)
    kernel = np.ones((2 * reach + 1, 2 * reach + 1), np.uint8)
    inner: U8 = cv2.erode(skin.view(np.uint8), kernel, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    edge: npt.NDArray[np.bool_] = skin & (inner == 0)
    return edge


def width(rows: int, columns: int) -> int:
    """Width of the band in pixels; at least 1."""
    return max(1, round(DILATION * math.hypot(rows, columns)))
