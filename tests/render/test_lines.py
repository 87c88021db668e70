"""The lines of the guided filter, against the same formulas written with OpenCV."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import F32, U8
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.render.lines import fit


def expected(guide: U8, scores: F32, radius: int, eps: float) -> tuple[F32, F32]:
    size = (2 * radius + 1, 2 * radius + 1)

    def mean(plane: F32) -> F32:
        return cv2.boxFilter(plane, cv2.CV_32F, size, borderType=cv2.BORDER_REFLECT)

    i = guide.astype(np.float32) / 255
    slopes = (mean(i * scores) - mean(i) * mean(scores)) / (np.maximum(mean(i * i) - mean(i) ** 2, 0) + eps)
    around = np.ones((3, 3), np.uint8)
    a = mean(slopes) * np.minimum(1, 4 * (cv2.dilate(scores, around) - cv2.erode(scores, around)))
    return a, scores - a * mean(i)


@pytest.mark.parametrize("radius", [1, 2, 5])
@pytest.mark.parametrize("shape", [(1, 1), (1, 9), (3, 2), (16, 9), (64, 65)])
def test_they_are_what_the_formulas_say(shape: tuple[int, int], radius: int) -> None:
    random = np.random.default_rng(0)
    guide = random.integers(0, 256, shape, dtype=np.uint8)
    scores = np.clip(random.uniform(-0.5, 1.5, shape), 0, 1).astype(np.float32)
    for got, wanted in zip(
        fit(guide, scores, radius, 2e-2, BufferPool()), expected(guide, scores, radius, 2e-2), strict=True
    ):
        np.testing.assert_allclose(got, wanted, atol=2e-5)


def test_flat_scores_have_flat_lines() -> None:
    guide = np.random.default_rng(0).integers(0, 256, (8, 8), dtype=np.uint8)
    a, b = fit(guide, np.full((8, 8), 0.25, np.float32), 1, 2e-2, BufferPool())
    assert not a.any()
    assert np.all(b == np.float32(0.25))
