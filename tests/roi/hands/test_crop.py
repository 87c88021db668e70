from __future__ import annotations

import numpy as np
import pytest

from rtskin.roi.hands.crop import crop_square, padded_square


def picture(width: int = 160, height: int = 90) -> np.ndarray:
    """Each pixel knows where it is: blue x, green y; red is 200 everywhere."""
    x, y = np.meshgrid(np.arange(width), np.arange(height))
    return np.stack((x, y, np.full_like(x, 200)), -1).astype(np.uint8)


def test_a_square_is_padded_around_the_middle() -> None:
    assert padded_square((10, 20, 40, 80), 0.25) == (-30, 0, 120, 120)


def test_pixels_and_the_way_back() -> None:
    crop = crop_square(picture(), (20, 30, 40, 40), 256)
    assert crop is not None
    assert crop.rgb.shape == (40, 40, 3)
    assert crop.rgb[0, 0].tolist() == [200, 30, 20]  # red first
    assert crop.rgb.flags.c_contiguous
    points = crop.to_frame(np.array([[0, 0, 0], [0.5, 1, -0.25]], np.float32))
    assert points.tolist() == [[20, 30, 0], [40, 70, -10]]


@pytest.mark.parametrize("box", [(-20, -10, 60, 60), (130, 60, 60, 60), (-40, -55, 200, 200)])
def test_beyond_the_border_it_is_black(box: tuple[int, int, int, int]) -> None:
    crop = crop_square(picture(), box, 256)
    assert crop is not None
    assert crop.rgb.shape == (box[2], box[2], 3)
    for y in range(0, box[2], 7):
        for x in range(0, box[2], 7):
            at_x, at_y = box[0] + x, box[1] + y
            inside = 0 <= at_x < 160 and 0 <= at_y < 90
            assert crop.rgb[y, x].tolist() == ([200, at_y, at_x] if inside else [0, 0, 0])


def test_a_large_one_is_made_smaller_and_its_points_still_fit() -> None:
    crop = crop_square(picture(), (0, 0, 80, 80), 20)
    assert crop is not None
    assert crop.rgb.shape == (20, 20, 3)
    # The middle of pixel (5, 10) of the small one is at 5.5 / 20 of the side.
    x, y, _ = crop.to_frame(np.array([[5.5 / 20, 10.5 / 20, 0]], np.float32))[0]
    assert crop.rgb[10, 5, 2] + 0.5 == pytest.approx(x, abs=0.5)
    assert crop.rgb[10, 5, 1] + 0.5 == pytest.approx(y, abs=0.5)


def test_nothing_of_it_in_the_frame() -> None:
    assert crop_square(picture(), (160, 0, 20, 20), 256) is None
    assert crop_square(picture(), (-20, 0, 20, 20), 256) is None
