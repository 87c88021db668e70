"""Padded squares of regions, also where they reach over the border."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.media import cv2
from rtskin.roi.crops import jpeg, square

#: Each pixel knows where it is.
IMAGE = np.zeros((40, 60, 3), np.uint8)
IMAGE[..., 0] = np.arange(40)[:, None] + 100
IMAGE[..., 1] = np.arange(60)[None, :] + 100


def test_inside_it_is_the_picture_itself() -> None:
    cut = square(IMAGE, (10, 5, 20, 20), 256)
    assert cut is not None
    assert np.array_equal(cut, IMAGE[5:25, 10:30])


@pytest.mark.parametrize("box", [(-5, -7, 20, 20), (50, 30, 20, 20), (-10, -20, 80, 80), (-5, 10, 20, 20)])
def test_beyond_the_border_it_is_black_and_the_picture_stays_in_its_place(box: tuple[int, int, int, int]) -> None:
    cut = square(IMAGE, box, 256)
    padded = np.zeros((240, 260, 3), np.uint8)
    padded[100:140, 100:160] = IMAGE
    x, y, w, h = box
    assert cut is not None
    assert np.array_equal(cut, padded[y + 100 : y + 100 + h, x + 100 : x + 100 + w])


def test_large_ones_are_made_smaller_also_far_beyond_the_border() -> None:
    assert square(IMAGE, (0, 0, 40, 40), 16).shape == (16, 16, 3)
    cut = square(IMAGE, (-3000, -3000, 6020, 6020), 64)
    assert cut.shape == (64, 64, 3)
    assert cut.any()


def test_every_box_that_touches_the_picture_gives_a_square_of_the_size_asked() -> None:
    random = np.random.default_rng(5)
    for _ in range(300):
        x, y = random.uniform(-80, 80, 2)
        side = float(random.uniform(1, 150))
        cut = square(IMAGE, (x, y, side, side), 32)
        assert cut is None or cut.shape == (min(32, max(1, round(side))),) * 2 + (3,)


def test_nothing_of_it_in_the_picture() -> None:
    assert square(IMAGE, (60, 0, 10, 10), 64) is None
    assert square(IMAGE, (-10, -10, 10, 10), 64) is None


def test_a_jpeg_shows_the_same() -> None:
    data = jpeg(np.full((16, 16, 3), (10, 120, 200), np.uint8), 90)
    assert data[:2] == b"\xff\xd8"
    shown = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert np.abs(shown.astype(int) - (10, 120, 200)).max() <= 4
    assert len(jpeg(IMAGE, 5)) < len(jpeg(IMAGE, 95))
