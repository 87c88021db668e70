"""A picture looked at twice: as it is and mirrored, and what both say averaged (test-time augmentation).

A network's errors at a pixel differ between the two views, so their mean has fewer. bench/README.md has what it brings.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.frame import F32, BgrPicture, Frame, Scores
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.sizes import Size

#: Keeps logits finite. An answer nearer to 0 or 1 says no more than this one.
_LEAST = 1e-3


def is_wanted(mirror: bool | None, size: Size | str) -> bool:
    """Whether a network looks twice; where nobody says (None), at single images of the size that is meant for them."""
    return size == "still" if mirror is None else mirror


def infer_both(segmenter: BaseSegmenter, frame: Frame) -> Scores:
    """The scores of ``frame``: the mean, as logits, of the network's answers to it and to its mirror image; float32."""
    scores = segmenter.infer(segmenter.prepare(frame))
    mirrored = Frame(frame.seq, BgrPicture(np.ascontiguousarray(frame.bgr[:, ::-1])), frame.source)
    other = segmenter.infer(segmenter.prepare(mirrored)).data[:, ::-1]
    return Scores(frame, _mean(scores.data, other), scores.model)


def _mean(one: npt.NDArray[Any], other: npt.NDArray[Any]) -> F32:
    """Of two probabilities in 0 … 1, as networks answer: the probability at the mean of their logits."""
    both = [np.clip(view, _LEAST, 1 - _LEAST) for view in (one, other)]
    odds = np.sqrt(np.multiply(*((view / (1 - view)) for view in both)))
    mean: F32 = odds / (1 + odds)
    return mean
