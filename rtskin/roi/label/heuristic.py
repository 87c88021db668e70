"""The published rule: the area of the mask with the most local variation is the face, for it has features.

It knows nothing of hands and of other things: of several regions one is the face, and what is not the face is taken for a
hand. A frame with one region has a face by it. It is here to be compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np

from rtskin.frame import U8, Frame
from rtskin.media import cv2
from rtskin.roi.found import FoundRegion
from rtskin.roi.label.base import Method, Probabilities
from rtskin.roi.label.crops import crop

#: Crops are of one size, so that a large region does not vary more for being large; variation is over windows of 5×5.
_SIDE, _WINDOW = 64, 5
_FACE: Probabilities = (1.0, 0.0, 0.0)
_HAND: Probabilities = (0.0, 1.0, 0.0)


class HeuristicMethod(Method):
    compares: ClassVar[bool] = True

    def __call__(self, frame: Frame, regions: Sequence[FoundRegion]) -> list[Probabilities]:
        varied = [variation(crop(frame.bgr, region, _SIDE)) for region in regions]
        most = int(np.argmax(varied))
        return [_FACE if index == most else _HAND for index in range(len(regions))]


def variation(crop: U8) -> float:
    """Mean local standard deviation of the luma, 0 … 127.5, inside the mask of a crop (uint8 S×S×4).

    The mask's edge is left out: there the background varies.
    """
    luma = cv2.cvtColor(crop[..., :3], cv2.COLOR_BGR2GRAY).astype(np.float32)
    window = (_WINDOW, _WINDOW)
    mean, square = cv2.blur(luma, window), cv2.blur(luma * luma, window)
    deviation = np.sqrt(np.maximum(square - mean * mean, 0))
    # The crop's own border is no edge of the mask: eroding keeps what touches it.
    whole = (crop[..., 3] > 127).astype(np.uint8)
    inner = cv2.erode(whole, np.ones(window, np.uint8)) > 0
    inside = inner if inner.any() else whole > 0
    return float(deviation[inside].mean()) if inside.any() else 0.0
