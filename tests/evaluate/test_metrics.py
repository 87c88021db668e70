"""Metrics against figures worked out by hand."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from rtskin.evaluate.metrics import METRICS, Counts, count, ratio
from tests.evaluate.conftest import square


def value(metric: str, *counts: Counts) -> float | None:
    return ratio(metric, counts).value()


def test_counts() -> None:
    # 10×10 found, 6×6 of it skin of 6×6: nothing missed.
    counts = count(square(10), square(6))
    assert (counts.hit, counts.false, counts.missed, counts.pixels) == (36, 64, 0, 400)
    assert counts.iou == pytest.approx(0.36)
    assert counts.error == pytest.approx(64 / 400)


@pytest.mark.parametrize(("grey", "skin"), [(127, False), (128, True)])
def test_one_half_is_the_border(grey: int, skin: bool) -> None:
    soft = np.full((4, 4), grey, np.uint8)
    assert count(soft, square(4, 4)).hit == 16 * skin
    assert count(square(4, 4), soft).has_skin is skin


def test_the_error_is_that_of_the_soft_masks() -> None:
    counts = count(np.full((4, 4), 51, np.uint8), np.full((4, 4), 0, np.uint8))
    assert counts.error == pytest.approx(0.2)
    assert count(np.full((4, 4), 0, np.uint8), np.full((4, 4), 51, np.uint8)).error == pytest.approx(0.2)


def test_pooled_counts_pixels_and_mean_counts_pictures() -> None:
    large, small = count(square(10), square(10)), count(square(4), square(2))
    assert value("mean_iou", large, small) == pytest.approx((1 + 4 / 16) / 2)
    assert value("pooled_iou", large, small) == pytest.approx(104 / 116)
    assert value("pooled_f1", large, small) == pytest.approx(208 / 220)
    assert value("pooled_precision", large, small) == pytest.approx(104 / 116)
    assert value("pooled_recall", large, small) == 1
    assert value("mean_f1", large, small) == pytest.approx((1 + 8 / 20) / 2)
    assert value("mean_precision", large, small) == pytest.approx((1 + 4 / 16) / 2)
    assert value("mean_recall", large, small) == 1
    assert value("mae", large, small) == pytest.approx(12 / 400 / 2)


def test_pictures_without_skin_only_count_as_false_skin_and_in_the_pool() -> None:
    skin, none = count(square(10), square(10)), count(square(2), square(0))
    assert value("mean_iou", skin, none) == 1
    assert value("false_skin", skin, none) == pytest.approx(4 / 400)
    assert value("pooled_iou", skin, none) == pytest.approx(100 / 104)


def test_nothing_found_where_there_is_skin_is_zero() -> None:
    missed = count(square(0), square(5))
    assert [value(metric, missed) for metric in ("mean_iou", "mean_f1", "mean_precision", "mean_recall")] == [0] * 4
    assert value("pooled_precision", missed) is None


def test_empty_against_empty() -> None:
    empty = count(square(0), square(0))
    assert empty.iou == 1
    assert value("false_skin", empty) == 0
    assert value("mae", empty) == 0
    assert [metric for metric in METRICS if value(metric, empty) is not None] == ["mae", "false_skin"]
    assert value("hce", empty) is None


def test_a_set_without_skin_tells_of_false_skin_alone() -> None:
    some = count(square(3), square(0))
    assert [metric for metric in METRICS if value(metric, some, some) is not None] == ["mae", "false_skin"]


def test_without_pictures_nothing_is_told() -> None:
    assert all(value(metric) is None for metric in METRICS)


def test_masks_of_two_sizes_are_refused() -> None:
    with pytest.raises(ValueError, match="the mask is"):
        count(square(1, 4), square(1, 5))


def test_boundary_iou_is_told_by_the_edges_alone() -> None:
    # 200×200: the band is round(0.02 · 282.8) = 6 wide. Two 100×100 squares, one moved by 3: their rings are
    # 100² − 88² = 2256 pixels each.
    truth, moved = np.zeros((200, 200), np.uint8), np.zeros((200, 200), np.uint8)
    truth[50:150, 50:150], moved[50:150, 53:153] = 255, 255
    counts = count(moved, truth)
    rings = [np.zeros((200, 200), bool) for _ in range(2)]
    for ring, left in zip(rings, (50, 53), strict=True):
        ring[50:150, left : left + 100] = True
        ring[56:144, left + 6 : left + 94] = False
    assert rings[0].sum() == 2256
    both, either = (rings[0] & rings[1]).sum(), (rings[0] | rings[1]).sum()
    assert (counts.edge_hit, counts.edge_union) == (both, either)
    assert value("mean_boundary_iou", counts) == pytest.approx(both / either)
    assert counts.iou > 0.94 > 0.8 > both / either
    assert value("mean_boundary_iou", count(truth, truth)) == 1
    assert value("mean_boundary_iou", count(np.zeros_like(truth), truth)) == 0


def test_bitwise_miou_is_of_the_bits_of_soft_masks() -> None:
    mask, truth = np.array([[0b1100, 255], [0, 0]], np.uint8), np.array([[0b1010, 255], [3, 0]], np.uint8)
    assert value("bitwise_miou", count(mask, truth)) == pytest.approx((0b1000 + 255) / (0b1110 + 255 + 3))


def test_published_means_are_over_all_pictures() -> None:
    skin, clean, false = count(square(10), square(5)), count(square(0), square(0)), count(square(2), square(0))
    assert value("miou_at_half", skin, clean, false) == pytest.approx((0.25 + 1 + 0) / 3, abs=1e-6)
    assert value("bitwise_miou", skin, clean, false) == pytest.approx((0.25 + 0) / 2)  # 0/0 says nothing


def test_effort_is_meaned_over_the_pictures_it_was_measured_for() -> None:
    one, two = replace(count(square(3), square(3)), hce=6), replace(count(square(1), square(0)), hce=1)
    assert value("hce", one, two) == 3.5
    assert value("hce", two) == 1
    assert value("hce", count(square(3), square(3))) is None
