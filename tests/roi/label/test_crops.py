from __future__ import annotations

import numpy as np
import pytest

from rtskin.roi.found import FoundRegion
from rtskin.roi.label.crops import crop, cut, square_of
from tests.roi.label.regions import region_at

SIZE = (640, 480)


@pytest.mark.parametrize("box", [(100, 60, 40, 80), (10, 10, 600, 440), (300, 200, 16, 12), (0, 300, 90, 180)])
def test_the_mask_lies_on_what_it_is_of(box: tuple[int, int, int, int]) -> None:
    picture = np.zeros((SIZE[1], SIZE[0], 3), np.uint8)
    x, y, w, h = box
    picture[y : y + h, x : x + w] = 255
    seen = crop(picture, region_at(box, SIZE), 64)
    assert seen.shape == (64, 64, 4)
    skin, mask = seen[..., 0] > 127, seen[..., 3] > 127
    assert (skin & mask).sum() / (skin | mask).sum() > 0.9


def test_other_skin_is_not_in_the_mask() -> None:
    picture = np.full((SIZE[1], SIZE[0], 3), 255, np.uint8)
    seen = crop(picture, region_at((200, 200, 60, 60), SIZE), 64, room=3.0)
    assert (seen[..., 0] == 255).all()
    assert (seen[..., 3] > 127).mean() == pytest.approx(1 / 9, abs=0.02)


def test_beyond_the_frame_all_is_zero() -> None:
    picture = np.full((SIZE[1], SIZE[0], 3), 200, np.uint8)
    seen = crop(picture, region_at((0, 100, 100, 100), SIZE), 64, room=2.0)
    assert (seen[:, :15] == 0).all()
    assert (seen[2:-2, 18:, :3] == 200).all()
    assert not cut(picture, (-500, -500, 100, 100), 32).any()


def test_a_square_around_the_middle() -> None:
    assert square_of((10, 20, 30, 60), 2.0) == (-35, -10, 120, 120)


def test_a_buffer_is_filled() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (SIZE[1], SIZE[0], 3), np.uint8)
    region, buffer = region_at((100, 60, 40, 80), SIZE), np.empty((48, 48, 4), np.uint8)
    assert crop(picture, region, 48, out=buffer) is buffer
    assert (buffer == crop(picture, region, 48)).all()


@pytest.mark.parametrize("size", [(1, 1), (3, 200), (5000, 20)])
def test_pictures_and_regions_of_any_size(size: tuple[int, int]) -> None:
    picture = np.full((size[1], size[0], 3), 120, np.uint8)
    mask = np.full((1, 1), 255, np.uint8)
    for box in ((0.0, 0.0, 0.0, 0.0), (0.0, 0.0, float(size[0]), float(size[1])), (size[0] - 0.5, 0.0, 0.5, 0.5)):
        seen = crop(picture, FoundRegion(box, 1.0, 1.0, mask, (0, 0, 1, 1), (1, 1)), 64)
        assert seen.shape == (64, 64, 4)
        assert seen[..., :3].max() > 0
