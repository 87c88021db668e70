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
    return sorted((*stat[:5], round(total, 3)) for stat, total in zip(stats.tolist(), sums.tolist(), strict=True))


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


def test_strong_pixels_are_counted_and_crops_hold_what_is_of_the_component() -> None:
    data = np.zeros((6, 9), np.float32)
    data[1:4, 1:4] = 0.6
    data[2, 2] = 0.8
    data[1, 5:8] = 0.55
    data[4, 3] = 0.2
    labeller = RunLabeller()
    stats, _ = labeller(data, 0.5, 0.7)
    assert sorted(stats.tolist()) == [[1, 1, 4, 4, 9, 1], [5, 1, 8, 2, 3, 0]]
    kept = [number for number, stat in enumerate(stats.tolist()) if stat[4] == 9]
    ((pixels, borders),) = labeller.crops(data, 0.5, kept)
    assert pixels.tolist() == [[153, 153, 153], [153, 204, 153], [153, 153, 153]]
    # From 0.6 to 0 the mask crosses 0.5 a sixth of the way to the next middle.
    assert borders[:3] == pytest.approx((1.5 - 1 / 6, 1.5 - 1 / 6, 3.5 + 1 / 6))
    assert borders[3] == pytest.approx(3.5 + 0.1 / 0.4)
    assert labeller.crops(data, 0.5, []) == []


def test_crops_agree_with_labels() -> None:
    random = np.random.default_rng(5)
    data = cv2.GaussianBlur(random.random((80, 120), np.float32), (0, 0), 3)
    data = (data - data.min()) / np.ptp(data)
    labeller = RunLabeller()
    stats, _ = labeller(data, 0.5)
    count, labels = cv2.connectedComponents((data >= 0.5).astype(np.uint8), connectivity=8)
    assert len(stats) == count - 1
    crops = labeller.crops(data, 0.5, list(range(len(stats))))
    seen = np.zeros(data.shape, np.uint8)
    for (left, top, right, bottom, *_), (pixels, borders) in zip(stats.tolist(), crops, strict=True):
        part = labels[top:bottom, left:right]
        number = part[pixels > 0][0]
        assert ((part == number) == (pixels > 0)).all()
        seen[top:bottom, left:right] |= pixels
        for exact, whole in zip(borders, (left, top, right, bottom), strict=True):
            assert abs(exact - whole) <= 0.5
    assert np.abs(seen.astype(float) - np.where(data >= 0.5, data * 255, 0)).max() <= 0.51
