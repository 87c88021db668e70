"""The labelling by runs against OpenCV's, which labels every pixel."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.media import cv2
from rtskin.roi.runs import RunLabeller


def by_opencv(data: np.ndarray, threshold: float) -> list[tuple[int, ...]]:
    _, labels, stats, _ = cv2.connectedComponentsWithStats((data >= threshold).astype(np.uint8), connectivity=8)
    sums = np.bincount(labels.ravel(), data.ravel().astype(np.float64))
    return sorted(
        (x, y, x + w, y + h, area, round(float(total), 3))
        for (x, y, w, h, area), total in zip(stats[1:].tolist(), sums[1:], strict=True)
    )


def by_runs(labeller: RunLabeller, data: np.ndarray, threshold: float) -> list[tuple[int, ...]]:
    stats, sums = labeller(data, threshold)
    return sorted((*stat, round(total, 3)) for stat, total in zip(stats.tolist(), sums.tolist(), strict=True))


@pytest.mark.parametrize("blur", [0, 1, 3, 8])
def test_it_agrees_with_opencv(blur: int) -> None:
    random, labeller = np.random.default_rng(blur), RunLabeller()
    for _ in range(40):
        height, width = random.integers(1, 90, 2).tolist()
        data = random.random((height, width), np.float32)
        if blur:
            data = cv2.GaussianBlur(data, (0, 0), blur).reshape(height, width)
        threshold = float(np.quantile(data, random.uniform(0.2, 0.9)))
        assert by_runs(labeller, data, threshold) == by_opencv(data, threshold)


def test_it_agrees_on_uint8() -> None:
    data = np.random.default_rng(0).integers(0, 256, (70, 51), np.uint8)
    assert by_runs(RunLabeller(), data, 128) == by_opencv(data, 128)


def test_spirals_and_combs_are_one() -> None:
    comb = np.zeros((20, 41), np.uint8)
    comb[:, ::2] = 255
    comb[-1] = 255
    spiral = np.zeros((11, 11), np.uint8)
    for ring in (0, 2, 4):
        spiral[ring, ring : 11 - ring] = spiral[10 - ring, ring : 11 - ring] = 255
        spiral[ring : 11 - ring, ring] = spiral[ring : 11 - ring, 10 - ring] = 255
    spiral[1, 5] = spiral[3, 5] = 255
    for data in (comb, comb[::-1], spiral, spiral.T):
        assert len(by_runs(RunLabeller(), np.ascontiguousarray(data), 128)) == 1


def test_more_runs_than_there_is_room_for_at_first() -> None:
    checks = (np.indices((120, 120)).sum(axis=0) % 2 * 255).astype(np.uint8)
    labeller = RunLabeller()
    ((*box, pixels, _),) = by_runs(labeller, checks, 128)
    assert (box, pixels) == ([0, 0, 120, 120], 7200)
    dots = np.zeros((120, 120), np.uint8)
    dots[::2, ::2] = 255
    assert len(by_runs(labeller, dots, 128)) == 3600


def test_views_with_strides_are_taken() -> None:
    wide = np.random.default_rng(1).integers(0, 256, (40, 80), np.uint8)
    assert by_runs(RunLabeller(), wide[::2, ::2], 128) == by_opencv(np.ascontiguousarray(wide[::2, ::2]), 128)
