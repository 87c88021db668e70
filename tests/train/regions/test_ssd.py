from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import ModelError
from rtskin.train.regions.ssd import Found, Network, _placed, anchors, distinct, shared


def test_anchors_of_both_networks() -> None:
    assert len(anchors(128, (8, 16, 16, 16))) == 896
    palms = anchors(192, (8, 16, 16, 16))
    assert len(palms) == 2016
    # Two a cell, row by row, then six a cell of twice the size.
    assert np.allclose(
        palms[[0, 1, 2, 48]], [[0.5 / 24] * 2, [0.5 / 24] * 2, [1.5 / 24, 0.5 / 24], [0.5 / 24, 1.5 / 24]]
    )
    assert np.allclose(palms[1152 : 1152 + 6], 0.5 / 12)


def test_boxes_and_points_are_placed_in_the_picture() -> None:
    raw = np.array([16, 0, 32, 64, 16, 32, -16, 0], np.float32)
    found = _placed(raw, np.array([0.5, 0.25]), 0.9, 128, (100, 200, 256, 256))
    assert found.box == pytest.approx((100 + 0.5 * 256, 200, 64, 128))
    assert np.allclose(found.points, [[100 + 0.625 * 256, 200 + 0.5 * 256], [100 + 0.375 * 256, 200 + 0.25 * 256]])


def test_one_of_those_on_each_other() -> None:
    none = np.zeros((0, 2))
    weak, strong, apart = (
        Found((0, 0, 10, 10), 0.5, none),
        Found((1, 1, 9, 9), 0.9, none),
        Found((50, 0, 9, 9), 0.3, none),
    )
    assert distinct([weak, strong, apart]) == [strong, apart]
    assert shared((0, 0, 10, 10), (5, 0, 10, 10)) == pytest.approx(0.5)
    assert shared((0, 0, 10, 10), (20, 0, 10, 10)) == 0


def test_a_network_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match=r"no network at|pip install ai-edge-litert"):
        Network(tmp_path / "none.tflite")
