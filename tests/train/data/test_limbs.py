from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.train.data.batches import Batches
from rtskin.train.data.compose import paste
from rtskin.train.data.imaging import cv2
from rtskin.train.data.limbs import limb, wall
from rtskin.train.data.sets import Picture, scan
from rtskin.train.recipe import Compose, parse

SKIN, SHIRT = (110, 150, 215), (200, 0, 0)


def two_hands() -> Picture:
    """Two hands on a shirt: 40×30 at the left, 30×50 at the right; of the right one's lower half nobody is sure."""
    image = np.full((120, 160, 3), SHIRT, np.uint8)
    mask, weight = np.zeros((120, 160), np.uint8), np.full((120, 160), 255, np.uint8)
    for window in (np.s_[20:60, 10:40], np.s_[20:70, 100:130]):
        image[window], mask[window] = SKIN, 255
    weight[45:70, 100:130] = 0
    ys, xs = np.nonzero(mask)
    return Picture(image, mask, weight, np.stack([xs, ys], 1).astype(np.int32), np.empty((0, 0), np.uint8))


def test_a_piece_comes_alone_and_without_what_is_unsure() -> None:
    sizes = set()
    for seed in range(30):
        found = limb(np.random.default_rng(seed), two_hands(), 96)
        if found is None:  # drawn where nobody is sure
            continue
        ys, xs = np.nonzero(found.inside)
        sizes.add((int(np.ptp(ys)) + 1, int(np.ptp(xs)) + 1))
        assert (found.picture.image[found.inside > 0] == SKIN).all()
        assert (found.picture.mask == found.inside).all()
    assert sizes == {(38, 28), (23, 28)}, "each hand without its outermost pixels"


def test_it_is_not_enlarged_beyond_what_a_camera_shows() -> None:
    found = limb(np.random.default_rng(0), two_hands(), 96)
    assert found is not None
    assert found.height[0] == 32
    assert found.height[1] * 96 <= 2.5 * 40


def test_pictures_without_skin_have_no_piece() -> None:
    hands = two_hands()
    bare = Picture(hands.image, np.zeros_like(hands.mask), hands.weight, hands.skin[:0], hands.labels)
    speck = np.zeros_like(hands.mask)
    speck[25:35, 12:22] = 255
    small = Picture(hands.image, speck, hands.weight, np.array([[15, 30]], np.int32), hands.labels)
    assert limb(np.random.default_rng(0), bare, 96) is None
    assert limb(np.random.default_rng(0), small, 96) is None


def test_pasted_it_is_skin_before_the_ground_and_nothing_of_its_picture_else() -> None:
    ground = np.full((96, 128, 3), 90, np.uint8), np.zeros((96, 128), np.uint8), np.full((96, 128), 255, np.uint8)
    spec, seen = Compose(height=(20, 2.5), relight=0), 0
    for seed in range(30):
        rng = np.random.default_rng(seed)
        found = limb(rng, two_hands(), 96)
        if found is None:
            continue
        image, mask, weight = paste(rng, ground, [found], spec)
        seen += int((mask > 200).sum())
        assert (image[..., 0].astype(int) - image[..., 2] < 60).all(), "no shirt"
        assert np.abs(image[mask > 250].astype(int) - SKIN).max(initial=0) <= 3
        assert (weight == 255).all()
    assert seen > 3000


def test_a_wall_has_light_and_colour_and_no_things() -> None:
    noise = np.random.default_rng(0).integers(0, 255, (96, 128, 3)).astype(np.uint8)
    mask = np.zeros((96, 128), np.uint8)
    plain, same = wall(np.random.default_rng(0), (noise, mask))
    assert same is mask
    assert plain.shape == noise.shape
    assert np.abs(cv2.Laplacian(plain, cv2.CV_32F)).max() < 12
    assert plain.mean() == pytest.approx(noise.mean(), abs=12)


def test_batches_hold_them_and_need_grounds(data: Any, table: dict[str, Any]) -> None:
    table["compose"] = {"limbs": 1.0}
    recipe = parse(table)
    batch = Batches(recipe, scan(recipe, [data]))[0]
    skin = [(target > 127).mean() for target in batch.targets]
    assert max(skin) > 0.01
    from rtskin.errors import InputError

    table["compose"]["limbs_of"] = ["hands"]
    with pytest.raises(InputError, match="no set of kind pairs named hands"):
        Batches(parse(table), scan(recipe, [data]))
    del table["compose"]["limbs_of"]
    table["data"] = [part for part in table["data"] if part["kind"] != "skinless"]
    recipe = parse(table)
    with pytest.raises(InputError, match="no set of kind skinless"):
        Batches(recipe, scan(recipe, [data]))
