"""A picture looked at twice, as it is and mirrored."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin import Segmenter
from rtskin.frame import U8, Frame, Prepared, Scores
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.mirror import infer_both

from .conftest import frame_of, halves


class Leaning(BaseSegmenter):
    """Says the same of every picture: more to the right."""

    def __init__(self, row: list[float]) -> None:
        self._row = np.array(row, np.float32)

    def prepare(self, frame: Frame) -> Prepared:
        return Prepared(frame, self)

    def infer(self, prepared: Prepared) -> Scores:
        return Scores(prepared.frame, np.tile(self._row, (3, 1)), "leaning")


def test_logits_are_averaged() -> None:
    frame = frame_of(halves())
    scores = infer_both(Leaning([0.1, 0.5, 0.9, 0.9]), frame)
    assert scores.frame is frame
    assert scores.model == "leaning"
    assert scores.data.dtype == np.float32
    # 0.1 with 0.9 is open; 0.5 with 0.9 is odds of √9.
    assert scores.data[1] == pytest.approx([0.5, 0.75, 0.75, 0.5], abs=1e-6)


def test_certain_answers_stay_finite() -> None:
    data = infer_both(Leaning([0.0, 0.0, 1.0, 0.0]), frame_of(halves())).data
    assert np.isfinite(data).all()
    assert data[0] == pytest.approx([0.001, 0.5, 0.5, 0.001], abs=1e-4)


def picture() -> U8:
    """Soft coloured noise, of which a network thinks differently mirrored."""
    small = np.random.default_rng(5).integers(0, 255, (12, 16, 3), dtype=np.uint8)
    return np.kron(small, np.ones((20, 20, 1), np.uint8))  # type: ignore[return-value]


def asymmetry(**options: Any) -> int:
    """By how much the mask of a mirrored picture differs from the mirrored mask, at most, 0 … 255."""
    with Segmenter("mobile-unet", threads=1, **options) as segmenter:
        masks = segmenter(picture()), segmenter(np.ascontiguousarray(picture()[:, ::-1]))[:, ::-1]
    return int(np.abs(np.subtract(*masks, dtype=np.int16)).max())


@pytest.mark.parametrize(
    ("options", "mirrored"),
    [({}, True), ({"mirror": False}, False), ({"size": "live"}, False), ({"size": "live", "mirror": True}, True)],
)
def test_single_images_are_looked_at_twice_by_default(options: dict[str, Any], mirrored: bool) -> None:
    pytest.importorskip("onnxruntime")
    assert (asymmetry(**options) <= 2) is mirrored
