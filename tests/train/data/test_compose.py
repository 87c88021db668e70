from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.batches import Batches
from rtskin.train.data.compose import Subject, paste, person, place
from rtskin.train.data.crops import warp
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import Picture, scan
from rtskin.train.recipe import Compose, parse


def a_person() -> Picture:
    """A red body (label 3) with a brown head (label 41, skin) on blue."""
    image = np.full((120, 80, 3), (200, 0, 0), np.uint8)
    labels = np.zeros((120, 80), np.uint8)
    cv2.rectangle(labels, (30, 40), (50, 109), 3, -1)
    cv2.circle(labels, (40, 30), 10, 41, -1)
    image[labels == 3] = (0, 0, 200)
    image[labels == 41] = (110, 150, 215)
    mask = (labels == 41).astype(np.uint8) * 255
    ys, xs = np.nonzero(mask)
    return Picture(image, mask, np.full_like(mask, 255), np.stack([xs, ys], 1).astype(np.int32), labels)


def a_ground() -> tuple[Any, Any, Any]:
    return np.full((96, 128, 3), 90, np.uint8), np.zeros((96, 128), np.uint8), np.full((96, 128), 255, np.uint8)


def test_the_person_comes_without_its_background() -> None:
    spec, blue, skin = Compose(share=1, height=(60, 0.7), relight=0, degrees=0), 0, 0
    for seed in range(20):
        ground = a_ground()
        image, mask, weight = paste(np.random.default_rng(seed), ground, [person(a_person(), spec)], spec)
        assert (ground[0] == 90).all(), "the ground is not changed in place"
        blue += int((image[..., 0].astype(int) - image[..., 2] > 60).sum())
        skin += int((mask > 127).sum())
        away = np.abs(image[mask > 200].astype(int) - (110, 150, 215))
        assert np.median(away) < 5 if len(away) else True
        assert (weight == 255).all()
    assert blue == 0
    assert skin > 2000


def test_people_hide_people() -> None:
    spec = Compose(share=1, height=(60, 0.7), relight=0, degrees=0)
    body = a_person()
    clothed = Picture(body.image, np.zeros_like(body.mask), body.weight, body.skin[:0], body.labels)
    hidden = 0
    for seed in range(60):
        one = paste(np.random.default_rng(seed), a_ground(), [person(body, spec)], spec)[1]
        rng = np.random.default_rng(seed)
        two = paste(rng, a_ground(), [person(body, spec), person(clothed, spec)], spec)[1]
        assert (two <= one).all()
        hidden += int(((one > 200) & (two < 50)).sum())
    assert hidden > 30


def test_sizes_reach_from_pixels_to_more_than_the_frame() -> None:
    spec, rng, heights = Compose(height=(20, 2.0), degrees=0), np.random.default_rng(1), []
    body = a_person()
    for _ in range(200):
        crop = place(rng, person(body, spec), (128, 96))
        assert crop is not None
        heights.append(90 * 96 / crop.height)
        if heights[-1] > 96:
            mask = warp([body.mask], crop, (128, 96), True, cv2.BORDER_CONSTANT)[0]
            assert mask.any(), "of a person who does not fit something of the skin is seen"
    assert 20 <= min(heights) < 25
    assert 150 < max(heights) <= 192


def test_a_subject_lies_where_it_is_put_at_any_angle() -> None:
    rng, body = np.random.default_rng(3), a_person()
    subject = Subject(body, person(body, Compose()).inside, (30, 0.4), 180)
    for _ in range(100):
        crop = place(rng, subject, (128, 96))
        assert crop is not None
        inside = warp([subject.inside], crop, (128, 96), True, cv2.BORDER_CONSTANT)[0]
        assert (inside > 127).any()


def test_a_picture_without_a_person_adds_nothing() -> None:
    body = a_person()
    nobody = Picture(body.image, body.mask, body.weight, body.skin, np.zeros_like(body.labels))
    image, mask, _ = paste(np.random.default_rng(0), a_ground(), [person(nobody, Compose())], Compose(share=1))
    assert (image == 90).all()
    assert not mask.any()


def test_batches_are_composed_of_sets(data: Any, table: dict[str, Any]) -> None:
    table["compose"] = {"share": 1.0, "people": "pairs"}
    with pytest.raises(InputError, match="no set 'pairs' with labels/"):
        Batches(parse(table), scan(parse(table), [data]))
    (data / "pairs/labels").mkdir()
    for path in (data / "pairs/masks").iterdir():
        cv2.imwrite(str(data / "pairs/labels" / path.name), cv2.imread(str(path), 0) // 6)
    recipe = parse(table)
    batches = Batches(recipe, scan(recipe, [data]))
    targets = np.stack([batches[step].targets for step in range(4)])
    assert (targets > 127).any(axis=(2, 3)).mean() > 0.7
    table["data"] = [table["data"][0]]
    with pytest.raises(InputError, match="no set of kind skinless"):
        Batches(parse(table), scan(parse(table), [data]))


def test_batches_take_the_shapes_of_the_recipe(data: Any, table: dict[str, Any]) -> None:
    table["shapes"] = [[96, 64], [64, 96]]
    recipe = parse(table)
    batches = Batches(recipe, scan(recipe, [data]))
    seen = {batches[step].targets.shape for step in range(12)}
    assert seen == {(3, 64, 96), (3, 96, 64)}
    assert batches[5].images.shape == batches[5].images.shape
