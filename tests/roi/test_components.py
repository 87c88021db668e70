"""Regions of made masks, with boxes and areas known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.roi.components import find_regions
from rtskin.roi.runs import RunLabeller


def mask(height: int = 90, width: int = 160) -> np.ndarray:
    """A 20×30 rectangle at (100, 40) of probability 0.8 and a 10×10 one at (5, 5) of 0.6."""
    data = np.full((height, width), 0.1, np.float32)
    data[40:70, 100:120] = 0.8
    data[5:15, 5:15] = 0.6
    return data


def test_boxes_areas_scores_largest_first() -> None:
    first, second = find_regions(mask(), (160, 90))
    assert (first.id, first.box, first.area) == (1, (100, 40, 20, 30), 600)
    assert (second.id, second.box, second.area) == (2, (5, 5, 10, 10), 100)
    assert first.score == pytest.approx(0.8)
    assert second.score == pytest.approx(0.6)


def test_boxes_and_areas_are_in_frame_pixels() -> None:
    first, second = find_regions(mask(), (1280, 720))
    assert (first.box, first.area) == ((800, 320, 160, 240), 600 * 64)
    assert (second.box, second.area) == ((40, 40, 80, 80), 100 * 64)


def test_a_frame_stretched_onto_the_mask_is_undone() -> None:
    data = np.zeros((256, 256), np.float32)
    data[128:192, 64:96] = 1
    (region,) = find_regions(data, (1280, 720))
    assert (region.box, region.area) == ((320, 360, 160, 180), 160 * 180)


def test_uint8_and_float32_agree() -> None:
    eight = (mask() * 255).round().astype(np.uint8)
    for a, b in zip(find_regions(eight, (160, 90)), find_regions(mask(), (160, 90)), strict=True):
        assert (a.id, a.box, a.area) == (b.id, b.box, b.area)
        assert a.score == pytest.approx(b.score, abs=1 / 255)


@pytest.mark.parametrize(("value", "found"), [(0.4999, 0), (0.5, 1)])
def test_one_half_is_skin(value: float, found: int) -> None:
    assert len(find_regions(np.full((9, 9), value, np.float32), (9, 9))) == found


@pytest.mark.parametrize(("value", "found"), [(127, 0), (128, 1)])
def test_one_half_of_uint8_is_128(value: int, found: int) -> None:
    assert len(find_regions(np.full((9, 9), value, np.uint8), (9, 9))) == found


def test_small_regions_are_left_out_by_their_share_of_the_frame() -> None:
    assert len(find_regions(mask(), (1280, 720), min_area=100 / (90 * 160))) == 2
    assert len(find_regions(mask(), (1280, 720), min_area=101 / (90 * 160))) == 1
    speck = np.zeros((100, 100), np.float32)
    speck[50, 50] = 1
    assert find_regions(speck, (100, 100)) == []
    assert [region.area for region in find_regions(speck, (100, 100), min_area=0)] == [1]


def test_corners_that_touch_belong_together() -> None:
    data = np.zeros((8, 8), np.float32)
    data[0:4, 0:4] = data[4:8, 4:8] = 1
    assert len(find_regions(data, (8, 8))) == 1


def test_the_score_is_that_of_the_region_not_of_its_box() -> None:
    data = np.zeros((20, 20), np.float32)
    data[0:20, 0:2] = data[18:20, :] = 0.7
    data[5:8, 8:11] = 1.0
    by_size = find_regions(data, (20, 20), min_area=0)
    assert [region.score for region in by_size] == [pytest.approx(0.7), pytest.approx(1.0)]


def test_of_two_alike_the_upper_left_one_is_first() -> None:
    data = np.zeros((20, 40), np.float32)
    data[12:16, 2:6] = data[2:6, 30:34] = data[2:6, 10:14] = 1
    assert [region.box[:2] for region in find_regions(data, (40, 20))] == [(10, 2), (30, 2), (2, 12)]


@pytest.mark.parametrize("size", [(1, 1), (1, 4), (4, 1), (2, 4000), (4, 4), (3, 3)])
@pytest.mark.parametrize("frame_size", [(1, 1), (7, 5), (4000, 2)])
@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_full_mask_of_any_size_is_the_whole_frame(
    size: tuple[int, int], frame_size: tuple[int, int], dtype: type
) -> None:
    data = np.full(size, 255 if dtype is np.uint8 else 1, dtype)
    (region,) = find_regions(data, frame_size)
    assert region.box == (0, 0, *frame_size)
    assert region.area == frame_size[0] * frame_size[1]
    assert region.score == 1.0


def test_boxes_lie_inside_the_frame_and_are_never_empty() -> None:
    random = np.random.default_rng(3)
    for _ in range(40):
        height, width, frame_width, frame_height = random.integers(1, 60, 4).tolist()
        data = (random.random((height, width)) > 0.7).astype(np.float32)
        for region in find_regions(data, (frame_width, frame_height), min_area=0):
            x, y, w, h = region.box
            assert x >= 0
            assert y >= 0
            assert w >= 1
            assert h >= 1
            assert x + w <= frame_width
            assert y + h <= frame_height
            assert region.area >= 1


def test_nothing_and_nan_give_no_regions() -> None:
    assert find_regions(np.zeros((9, 16), np.float32), (160, 90)) == []
    assert find_regions(np.full((9, 16), np.nan, np.float32), (160, 90)) == []


def test_a_labeller_does_not_leak_one_mask_into_the_next() -> None:
    labeller = RunLabeller()
    for _ in range(3):
        assert len(find_regions(mask(), (160, 90), labeller=labeller)) == 2
        assert find_regions(np.zeros((90, 160), np.float32), (160, 90), labeller=labeller) == []


@pytest.mark.parametrize("data", [np.zeros((4, 4)), np.zeros((4, 4, 1), np.uint8)])
def test_other_arrays_are_refused(data: np.ndarray) -> None:
    with pytest.raises(InputError, match="regions are found in"):
        find_regions(data, (4, 4))
