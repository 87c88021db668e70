"""The prior: what a network that looks at its last mask is given, moved to where things are now.

The network runs before its masks are smoothed, and frames overlap in a graph: while frame n is in the network, the smoothed
mask of frame n − 1 may not exist yet. So the prior is made of the network's own last scores, which do, and which it was
trained on (as in MaskTrack, Perazzi et al., "Learning Video Object Segmentation from Static Images", CVPR 2017).
"""

from __future__ import annotations

import time

import numpy as np

from rtskin.frame import F32, U8, Frame, Scores
from rtskin.media import cv2
from rtskin.preprocess.small import small_luma
from rtskin.smooth.motion import Mover
from rtskin.smooth.search import Search
from rtskin.smooth.stream import Continuity


class Prior:
    """Remembers the last scores of one stream. The infer node asks :meth:`before` and tells :meth:`after`, frame by frame.

    It starts afresh where the smooth node does (rtskin.smooth.stream).
    """

    def __init__(self, cuts: bool = True) -> None:
        self._continuity = Continuity(cuts)
        self._search, self._move = Search(), Mover()
        self._scores: F32 | None = None
        self._small: U8 | None = None
        #: Frames that were given a prior, and what the last one took in milliseconds (None: there was none).
        self.given = 0
        self.cost_ms: float | None = None

    def before(self, frame: Frame, model: str) -> F32 | None:
        """The scores of a frame before, moved to ``frame``: float32 h×w, 0 where nothing is known; None after a break.

        model: the name of the one that will take it.
        """
        begun = time.perf_counter()
        fresh = self._continuity(frame, model).fresh
        scores, small, now = self._scores, self._small, small_luma(frame)
        if fresh or scores is None or small is None or small.shape != now.shape:
            return None
        motion = self._search(small, now)
        moved = self._move(scores, motion)
        if not motion.still:
            # What was uncovered just now had no mask.
            lost = cv2.resize(motion.lost, moved.shape[::-1], interpolation=cv2.INTER_NEAREST)
            np.copyto(moved, np.float32(0), where=lost > 0)
        self.given += 1
        self.cost_ms = (time.perf_counter() - begun) * 1e3
        return moved  # type: ignore[return-value]

    def after(self, scores: Scores) -> None:
        """What the network said of the frame that :meth:`before` was asked about."""
        self._scores = np.asarray(scores.data, np.float32)
        self._small = small_luma(scores.frame)

    def forget(self) -> None:
        """The next frame is the first."""
        self._scores = self._small = None
        self._continuity.forget()
