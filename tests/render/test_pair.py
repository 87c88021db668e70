"""The newest frame with the newest scores."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.frame import Scores
from rtskin.node import Context
from rtskin.render.pair import Pair

from .conftest import make_frame


def test_every_frame_takes_the_newest_scores(caplog: Any) -> None:
    node = Pair()
    node.open(Context())
    frames = [make_frame(seq=seq) for seq in range(4)]
    assert node.process(frames[0], None) is None
    scores = Scores(frames[0], np.ones((4, 4), np.float32), "m")
    pairs = [node.process(frame, scores) for frame in frames[1:]]
    for frame, pair in zip(frames[1:], pairs, strict=True):
        assert pair is not None
        assert pair.frame is frame
        assert pair.data is scores.data
        assert pair.model == "m"
    assert node.counters() == {"mean_lag": 2.0}
    assert caplog.text.count("not moved") == 1


def test_its_ports_sample_and_it_may_stay_silent() -> None:
    assert (Pair.ports, Pair.sync, Pair.emits) == (("frame", "scores"), "sample", "some")
    assert Pair().counters() == {"mean_lag": 0.0}
