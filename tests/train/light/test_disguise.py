import numpy as np
import pytest

from rtskin.train.data.imaging import cv2
from rtskin.train.light.disguise import disguise

SKIN = (120, 150, 205)


def scene():
    """A hand-sized patch of skin on a blue wall, and where it is."""
    image = np.full((80, 100, 3), (190, 90, 40), np.uint8)
    mask = np.zeros((80, 100), np.uint8)
    image[20:50, 30:60], mask[20:50, 30:60] = SKIN, 255
    return image, mask


def lab(image):
    return cv2.cvtColor(image.astype(np.float32) / 255, cv2.COLOR_BGR2Lab).reshape(-1, 3)


def test_a_wall_takes_the_colour_of_the_skin_before_it_and_the_skin_stays():
    image, mask = scene()
    changed = disguise(np.random.default_rng(1), image, mask)
    wall = mask == 0
    before = np.abs(lab(image[wall][None])[:, 1:] - lab(image[35:36, 45:46])[:, 1:]).mean()
    after = np.abs(lab(changed[:15].reshape(1, -1, 3))[:, 1:] - lab(image[35:36, 45:46])[:, 1:]).mean()
    assert before > 40
    assert after < 6
    np.testing.assert_allclose(changed[mask > 0].astype(int), image[mask > 0], atol=1)


def test_without_skin_it_takes_a_colour_that_skin_has():
    image = np.full((60, 60, 3), (60, 200, 60), np.uint8)
    for seed in range(20):
        _, a, b = lab(disguise(np.random.default_rng(seed), image, np.zeros((60, 60), np.uint8)))[30 * 60 + 30]
        assert 0 < a < 40
        assert 0 < b < 45


def test_other_things_keep_their_colour():
    image = np.full((60, 60, 3), (60, 200, 60), np.uint8)
    image[:, 30:] = (200, 60, 60)
    changed = disguise(np.random.default_rng(0), image, np.zeros((60, 60), np.uint8))
    moved = np.abs(changed.astype(int) - image).max(axis=2) > 3
    left, right = moved[:, :24].mean(), moved[:, 36:].mean()
    assert {round(left), round(right)} == {0, 1}


def test_all_skin_stays_and_texture_too():
    image = np.random.default_rng(0).integers(0, 255, (40, 40, 3)).astype(np.uint8)
    np.testing.assert_array_equal(disguise(np.random.default_rng(0), image, np.full((40, 40), 255, np.uint8)), image)
    grain = np.clip(128 + np.random.default_rng(1).normal(0, 12, (40, 40, 1)), 0, 255).astype(np.uint8).repeat(3, 2)
    changed = disguise(np.random.default_rng(2), grain, np.zeros((40, 40), np.uint8))
    assert lab(changed)[:, 0].std() == pytest.approx(lab(grain)[:, 0].std(), rel=0.35)
