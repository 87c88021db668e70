"""Pair: the newest frame with the newest scores, for whoever wants every frame at once and the mask when it comes."""

from __future__ import annotations

import logging
from typing import ClassVar

from rtskin.frame import Frame, Scores
from rtskin.node import Context, Node

_log = logging.getLogger("rtskin.render")


class Pair(Node):
    """(Frame, newest Scores) → Scores of that frame: the older frame's scores, unmoved. Nothing before the first scores."""

    takes: ClassVar[tuple[type, ...]] = (Frame, Scores)
    gives: ClassVar[type | None] = Scores
    ports = ("frame", "scores")
    sync = "sample"
    emits = "some"

    def open(self, context: Context) -> None:
        self._ages = (0, 0)
        _log.warning("pairing latest: each frame is shown with the newest mask, which is not moved onto it")

    def process(self, frame: Frame, scores: Scores | None) -> Scores | None:
        if scores is None:
            return None
        late, count = self._ages
        self._ages = (late + max(0, frame.seq - scores.frame.seq), count + 1)
        return Scores(frame, scores.data, scores.model)

    def counters(self) -> dict[str, int | float | str]:
        """mean_lag: how many frames the scores were older than the frame they were shown with, on average."""
        late, count = getattr(self, "_ages", (0, 0))
        return {"mean_lag": late / count if count else 0.0}
