from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.batches import Batches
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import scan
from rtskin.train.light import colours
from rtskin.train.recipe import Augment, parse

from ..conftest import picture

IMAGE, MASK = picture(2, (96, 96))


def rng() -> np.random.Generator:
    return np.random.default_rng(4)


def test_there_are_26_different_ones_and_only_lattices_touch_the_mask() -> None:
    made = {name: change(rng(), IMAGE, MASK) for name, change in colours.VARIANTS.items()}
    assert len(made) == 26
    assert len({image.tobytes() for image, _ in made.values()} | {IMAGE.tobytes()}) == 27
    assert {name for name, (_, mask) in made.items() if not np.array_equal(mask, MASK)} == {"lattice", "lattice-part"}
    assert all(image.shape == IMAGE.shape and image.dtype == np.uint8 for image, _ in made.values())


def test_hues_turn_by_the_angle_and_a_whole_turn_gives_the_picture_back() -> None:
    red = np.full((1, 1, 3), (0, 0, 255), np.uint8)
    assert colours.turn_hue(red, 120).tolist() == [[[0, 255, 0]]]
    assert colours.turn_hue(red, 240).tolist() == [[[255, 0, 0]]]
    assert colours.turn_hue(red, 360).tolist() == red.tolist()


def test_saturation_and_contrast() -> None:
    grey = colours.saturate(IMAGE, 0)
    assert (grey == grey[..., :1]).all()
    assert colours.contrast(np.array([[[0, 100, 250]]], np.uint8), 0.5, 30).tolist() == [[[30, 80, 155]]]


def test_sepia_is_bluish() -> None:
    white = np.full((1, 1, 3), 150, np.uint8)
    blue, green, red = colours.sepia(white, 1.0)[0, 0].tolist()
    assert blue > green > red
    assert colours.sepia(IMAGE, 0.0).tolist() == IMAGE.tolist()


def test_a_lattice_covers_a_part_of_the_subject_and_takes_it_out_of_the_mask() -> None:
    for seed in range(6):
        image, mask = colours.lattice(np.random.default_rng(seed), IMAGE, MASK)
        hidden = (MASK == 255) & (mask == 0)
        assert 0.15 < hidden.sum() / (MASK == 255).sum() < 0.8
        assert len(np.unique(image[hidden].reshape(-1, 3), axis=0)) == 1, "opaque, of one colour"
        assert np.array_equal(image[mask == 255], IMAGE[mask == 255])
        far = cv2.dilate(MASK, np.ones((41, 41), np.uint8)) == 0
        assert np.array_equal(image[far], IMAGE[far])


def test_lattices_have_angles_from_0_to_90() -> None:
    """A lattice of bars along the axes has the same rows again and again; a turned one has not."""
    flat = colours._bars((60, 60), 0, 12, 3)
    assert np.array_equal(flat, colours._bars((60, 60), np.pi / 2, 12, 3).T)
    assert np.allclose(flat[:48], flat[12:])
    assert not np.allclose(colours._bars((60, 60), 0.5, 12, 3)[:48], colours._bars((60, 60), 0.5, 12, 3)[12:])


def test_a_partial_one_covers_less() -> None:
    def hidden(name: str) -> float:
        made = (colours.VARIANTS[name](np.random.default_rng(seed), IMAGE, MASK)[1] for seed in range(10))
        return float(np.mean([(mask < MASK).sum() for mask in made]))

    assert hidden("lattice-part") < 0.6 * hidden("lattice")


def test_nobody_there_nothing_hidden() -> None:
    nobody = np.zeros_like(MASK)
    image, mask = colours.lattice(rng(), IMAGE, nobody)
    assert image is IMAGE
    assert mask is nobody


def test_shares_of_none_change_nothing_and_draw_nothing() -> None:
    one, two = rng(), rng()
    assert colours.published(one, IMAGE, MASK, Augment())[0] is IMAGE
    assert one.random() == two.random()
    colours.published(one, IMAGE, MASK, Augment(hue_turn=1, lattice=1))
    two_next = two.random()
    assert one.random() == two_next


@pytest.mark.parametrize("kind", ["hue_turn", "desaturate", "contrast_brightness", "sepia", "lattice", "part_lattice"])
def test_each_share_reaches_the_batches(kind: str, table: dict, data) -> None:
    plain = parse(table)
    changed = parse({**table, "augment": {kind: 1.0}})
    one, two = (Batches(recipe, scan(recipe, [data]))[1] for recipe in (plain, changed))
    assert not np.array_equal(one.images, two.images)
    assert np.array_equal(one.targets, two.targets) == ("lattice" not in kind)


def test_a_lattice_has_no_class(table: dict) -> None:
    table |= {"classes": {"names": ["background", "skin", "hair"]}, "augment": {"lattice": 0.1}}
    with pytest.raises(InputError, match="what a lattice covers has no class"):
        parse(table)
