"""Regions of made masks, with boxes and areas known beforehand."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.media import cv2
from rtskin.roi.components import Rules, find_regions
from rtskin.roi.regions.limits import Limits, parse_length
from rtskin.roi.runs import RunLabeller

ANY = Rules(min_area=0)


def mask(height: int = 90, width: int = 160) -> np.ndarray:
    """A 20×30 rectangle at (100, 40) of probability 1 and a 10×10 one at (5, 5) of 0.9; a little everywhere."""
    data = np.zeros((height, width), np.float32)
    data[40:70, 100:120] = 1.0
    data[5:15, 5:15] = 0.9
    return data


def test_boxes_areas_scores_largest_first() -> None:
    first, second = find_regions(mask(), (160, 90))
    assert (first.box, first.area) == ((100, 40, 20, 30), 600)
    assert first.score == 1.0
    # From 0.9 to 0 a half is crossed 0.4 / 0.9 from the last middle.
    out = 0.4 / 0.9 - 0.5
    assert second.box == pytest.approx((5 - out, 5 - out, 10 + 2 * out, 10 + 2 * out))
    assert (second.area, second.score) == (100, pytest.approx(0.9))


def test_boxes_areas_and_outlines_are_in_frame_pixels() -> None:
    first, second = find_regions(mask(), (1280, 720))
    assert (first.box, first.area) == ((800, 320, 160, 240), 600 * 64)
    assert second.area == 100 * 64
    assert first.outline is not None
    # Through the middles of the outermost pixels.
    assert (first.outline.min(axis=0).tolist(), first.outline.max(axis=0).tolist()) == ([804, 324], [956, 556])


def test_a_frame_stretched_onto_the_mask_is_undone() -> None:
    data = np.zeros((256, 256), np.float32)
    data[128:192, 64:96] = 1
    (region,) = find_regions(data, (1280, 720))
    assert (region.box, region.area) == ((320, 360, 160, 180), 160 * 180)


def test_a_border_that_moves_by_less_than_a_pixel_moves_the_box() -> None:
    x, y = np.meshgrid(np.arange(416) + 0.5, np.arange(224) + 0.5)
    for shift in np.linspace(0, 1, 9):
        data = np.clip((40 - np.hypot(x - 200 - shift, y - 100)) / 2 + 0.5, 0, 1).astype(np.float32)
        (region,) = find_regions(data, (416, 224))
        assert region.box == pytest.approx((160 + shift, 60, 80, 80), abs=0.1)


def test_uint8_and_float32_agree() -> None:
    eight = (mask() * 255).round().astype(np.uint8)
    for a, b in zip(find_regions(eight, (160, 90)), find_regions(mask(), (160, 90)), strict=True):
        assert (a.mask_box, a.area) == (b.mask_box, b.area)
        assert a.box == pytest.approx(b.box, abs=0.01)
        assert a.score == pytest.approx(b.score, abs=1 / 255)
        assert np.abs(a.mask.astype(int) - b.mask).max() <= 1


@pytest.mark.parametrize(("value", "found"), [(0.4999, 0), (0.5, 1)])
def test_one_half_is_skin(value: float, found: int) -> None:
    assert len(find_regions(np.full((9, 9), value, np.float32), (9, 9))) == found


@pytest.mark.parametrize(("value", "found"), [(127, 0), (128, 1)])
def test_one_half_of_uint8_is_128(value: int, found: int) -> None:
    assert len(find_regions(np.full((9, 9), value, np.uint8), (9, 9))) == found


def test_what_is_nowhere_sure_is_weak_and_what_is_sure_somewhere_takes_the_rest_along() -> None:
    data = np.full((90, 160), 0.1, np.float32)
    data[10:40, 10:40] = data[10:40, 60:90] = 0.55
    data[20:30, 20:30] = 0.9
    sure, weak = find_regions(data, (160, 90))
    assert (sure.strong, sure.area, weak.strong, weak.area) == (True, 900, False, 900)
    # One bright pixel in a weak region is noise.
    data[:] = 0.1
    data[10:40, 60:90] = 0.55
    data[20, 70] = 1
    (weak,) = find_regions(data, (160, 90), Rules(min_area=0.01))
    assert not weak.strong


def test_small_holes_are_filled_and_large_ones_are_not() -> None:
    data = np.zeros((120, 160), np.float32)
    data[10:60, 10:60] = 1
    data[30:40, 30:40] = 0.2
    data[40:110, 90:150] = 1
    data[55:95, 105:135] = 0.2
    ring, disc = find_regions(data, (160, 120))
    assert (disc.area, ring.area) == (2500, 70 * 60 - 40 * 30)
    assert disc.score == 1.0
    assert disc.mask[25, 25] == 128
    assert ring.mask[30, 30] == 0


def test_small_regions_are_left_out_by_their_share_of_the_frame() -> None:
    assert len(find_regions(mask(), (1280, 720), Rules(min_area=100 / (90 * 160)))) == 2
    assert len(find_regions(mask(), (1280, 720), Rules(min_area=101 / (90 * 160)))) == 1
    speck = np.zeros((100, 100), np.float32)
    speck[50, 50] = 1
    assert find_regions(speck, (100, 100)) == []
    assert [region.area for region in find_regions(speck, (100, 100), ANY)] == [1]


@pytest.mark.parametrize(
    ("least", "most", "areas"),
    [
        ("100px", None, [600]),
        (0.1, None, [600]),
        ("5%", None, [600, 100]),
        (None, "100px", [100]),
        ("90px", "200px", []),
    ],
)
def test_limits_of_size_are_of_the_longer_side(least: str | None, most: str | None, areas: list[int]) -> None:
    limits = Limits(*(None if side is None else parse_length(side) for side in (least, most)))
    found = find_regions(mask(), (1280, 720), Rules(limits=limits))
    assert [round(region.area / 64) for region in found] == areas


def test_two_hundred_regions_and_only_the_largest_of_them() -> None:
    data = np.zeros((400, 800), np.float32)
    for number in range(200):
        x, y = 20 + 40 * (number % 20), 20 + 40 * (number // 20)
        cv2.circle(data, (x, y), 5 + number % 10, 1.0, cv2.FILLED)
    assert len(find_regions(data, (1600, 800), Rules(min_area=0, most=500))) == 200
    found = find_regions(data, (1600, 800), Rules(min_area=0, most=20))
    assert len(found) == 20
    assert min(region.area for region in found) > 4 * 500


def test_corners_that_touch_belong_together() -> None:
    data = np.zeros((8, 8), np.float32)
    data[0:4, 0:4] = data[4:8, 4:8] = 1
    assert len(find_regions(data, (8, 8))) == 1


def test_the_score_is_that_of_the_region_not_of_its_box() -> None:
    data = np.zeros((20, 20), np.float32)
    data[0:20, 0:2] = data[18:20, :] = 0.8
    data[5:8, 8:11] = 1.0
    by_size = find_regions(data, (20, 20), ANY)
    assert [region.score for region in by_size] == [pytest.approx(0.8), pytest.approx(1.0)]
    assert by_size[0].mask[0].tolist() == [204, 204, *[0] * 18]


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
    assert region.box == pytest.approx((0, 0, *frame_size))
    assert region.area == pytest.approx(frame_size[0] * frame_size[1])
    assert region.score == 1.0


def test_boxes_and_outlines_lie_inside_the_frame_and_are_never_empty() -> None:
    random = np.random.default_rng(3)
    for _ in range(40):
        height, width, frame_width, frame_height = random.integers(1, 60, 4).tolist()
        data = random.random((height, width), np.float32)
        for region in find_regions(data, (frame_width, frame_height), ANY):
            x, y, w, h = region.box
            assert x >= 0
            assert y >= 0
            assert w > 0
            assert h > 0
            assert x + w <= frame_width + 1e-6
            assert y + h <= frame_height + 1e-6
            assert region.area > 0
            assert region.outline is not None
            assert (region.outline > 0).all()
            assert (region.outline < (frame_width, frame_height)).all()


def test_nothing_and_nan_give_no_regions() -> None:
    assert find_regions(np.zeros((9, 16), np.float32), (160, 90)) == []
    assert find_regions(np.full((9, 16), np.nan, np.float32), (160, 90)) == []


def test_nan_around_a_region_leaves_it_as_it_is() -> None:
    data = np.full((20, 30), np.nan, np.float32)
    data[5:15, 10:20] = 1
    (region,) = find_regions(data, (30, 20))
    assert (region.box, region.score) == ((10, 5, 10, 10), 1.0)


def test_a_labeller_does_not_leak_one_mask_into_the_next() -> None:
    labeller = RunLabeller()
    for _ in range(3):
        assert len(find_regions(mask(), (160, 90), labeller=labeller)) == 2
        assert find_regions(np.zeros((90, 160), np.float32), (160, 90), labeller=labeller) == []


@pytest.mark.parametrize("data", [np.zeros((4, 4)), np.zeros((4, 4, 1), np.uint8)])
def test_other_arrays_are_refused(data: np.ndarray) -> None:
    with pytest.raises(InputError, match="regions are found in"):
        find_regions(data, (4, 4))
