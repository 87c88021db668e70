from __future__ import annotations

import numpy as np
import pytest

from rtskin.train.data.crops import Crop, cut, draw
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import Picture
from rtskin.train.recipe import Crops

#: The label map of a picture that has none.
NOTHING = np.empty((0, 0), np.uint8)


def a_picture(width: int = 200, height: int = 120) -> Picture:
    """A ramp: red grows to the right, green downwards; skin is a small square."""
    image = np.zeros((height, width, 3), np.uint8)
    image[..., 2] = np.arange(width)[None]
    image[..., 1] = np.arange(height)[:, None]
    mask = np.zeros((height, width), np.uint8)
    mask[80:100, 150:170] = 255
    ys, xs = np.nonzero(mask)
    return Picture(image, mask, np.full_like(mask, 255), np.stack([xs, ys], 1).astype(np.int32), NOTHING)


def test_the_whole_picture_is_a_plain_resize() -> None:
    picture = a_picture(128, 128)
    image, mask, _ = cut(picture, Crop(64, 64, 128, 128), (128, 128))
    assert np.array_equal(image, picture.image)
    assert np.array_equal(mask, picture.mask)


@pytest.mark.parametrize("smooth", [True, False])
def test_shrinking_agrees_with_opencv(smooth: bool) -> None:
    rng = np.random.default_rng(0)
    image = cv2.GaussianBlur(rng.integers(0, 255, (512, 768, 3), np.uint8), (0, 0), 8)
    plane = np.zeros((512, 768), np.uint8)
    cut_out = cut(
        Picture(image, plane, plane, np.zeros((0, 2), np.int32), NOTHING), Crop(384, 256, 768, 512), (128, 128), smooth
    )[0]
    expected = cv2.resize(image, (128, 128), interpolation=cv2.INTER_AREA)
    assert np.abs(cut_out.astype(int) - expected).max() <= 3


def test_a_part_of_the_picture() -> None:
    image, mask, _ = cut(a_picture(), Crop(160, 90, 40, 40), (64, 64))
    assert image[32, 32, 2] == pytest.approx(160, abs=1)
    assert image[32, 32, 1] == pytest.approx(90, abs=1)
    assert mask[32, 32] == 255
    assert mask.mean() == pytest.approx(255 / 4, rel=0.1)


def test_flip_and_rotation_move_picture_and_mask_together() -> None:
    picture = a_picture()
    straight, _, _ = cut(picture, Crop(100, 60, 80, 80), (64, 64))
    mirrored, _, _ = cut(picture, Crop(100, 60, 80, 80, flip=True), (64, 64))
    assert np.abs(straight[:, ::-1].astype(int) - mirrored).max() <= 1
    turned, _, _ = cut(picture, Crop(100, 60, 80, 80, degrees=90), (64, 64))
    assert np.abs(np.rot90(straight).astype(int) - turned).max() <= 1


def test_outside_is_mirrored() -> None:
    _, mask, _ = cut(a_picture(), Crop(100, 60, 400, 240), (64, 64))
    assert mask[:, 40:].any()
    number, _ = cv2.connectedComponents((mask > 100).astype(np.uint8))
    assert number > 2, "the skin is seen again in the mirror"


def test_crops_stay_inside_unless_they_zoom_out() -> None:
    picture, spec, rng = a_picture(), Crops(zoom_out=0), np.random.default_rng(1)
    for _ in range(300):
        crop = draw(rng, picture, spec, (96, 64))
        assert crop.width / 2 - 1e-6 <= crop.x <= 200 - crop.width / 2 + 1e-6
        assert crop.height / 2 - 1e-6 <= crop.y <= 120 - crop.height / 2 + 1e-6


def test_crops_are_centred_on_skin_at_all_scales() -> None:
    picture, rng = a_picture(), np.random.default_rng(2)
    spec = Crops(whole=0, zoom_out=0, on_skin=1)
    sides = []
    for _ in range(200):
        crop = draw(rng, picture, spec, (96, 64))
        sides.append(max(crop.width, crop.height) / 200)
        assert abs(crop.x - 160) < 10 + 0.4 * crop.width + 100 * (crop.width > 80)
    sides = np.log(sides)
    assert sides.min() < np.log(0.2)
    assert sides.max() > np.log(0.8)


@pytest.mark.parametrize("shape", [(64, 64), (128, 64), (64, 128)])
def test_crops_have_about_the_aspect_of_the_input(shape: tuple[int, int]) -> None:
    picture, spec, rng = a_picture(), Crops(), np.random.default_rng(3)
    for _ in range(300):
        crop = draw(rng, picture, spec, shape)
        stretch = crop.width / crop.height / (shape[0] / shape[1])
        assert 1 / spec.aspect - 1e-6 <= stretch <= spec.aspect + 1e-6


def test_an_input_that_is_not_square_shows_the_same_part() -> None:
    image, mask, _ = cut(a_picture(), Crop(160, 90, 40, 40), (64, 32))
    assert image.shape == (32, 64, 3)
    assert image[16, 32, 2] == pytest.approx(160, abs=1)
    assert image[16, 32, 1] == pytest.approx(90, abs=1)
    assert mask.mean() == pytest.approx(255 / 4, rel=0.1)
