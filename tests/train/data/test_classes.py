"""Which classes a pixel may be: tables, samples, compositions."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.batches import Batches
from rtskin.train.data.classes import ClassTables
from rtskin.train.data.sets import Reader, scan
from rtskin.train.recipe import parse

from ..conftest import parted

BACK, HAIR, CLOTHES, GLASSES = range(4)


def tables(table: dict[str, Any], data: Path) -> tuple[ClassTables, Any]:
    recipe = parse(table)
    sets = scan(recipe, [data])
    return ClassTables(recipe, sets), sets


def test_labels_become_classes(table: dict[str, Any], data: Path) -> None:
    made, sets = tables(parted(table, data), data)
    picture = Reader().read(sets[0].train[0])
    planes = made.planes(picture)
    assert planes.shape == (*picture.mask.shape, 4)
    assert (planes[picture.labels == 0] == (255, 0, 0, 0)).all()
    assert not planes[picture.labels == 41].any(), "skin is none of the others"
    assert (planes[picture.labels == 19] == (0, 255, 0, 0)).all()
    assert (planes[picture.labels == 2] == (255, 0, 255, 0)).all(), "a bag is one or the other"
    assert (planes[picture.labels == 99] == 255).all(), "what is not listed may be anything"
    assert all((picture.labels == value).any() for value in (0, 2, 19, 41, 99))


def test_pictures_without_people_are_background(table: dict[str, Any], data: Path) -> None:
    made, sets = tables(parted(table, data), data)
    planes = made.planes(Reader().read(sets[1].train[0]))
    assert (planes == (255, 0, 0, 0)).all()


def test_pictures_without_labels_may_be_anything(table: dict[str, Any], data: Path) -> None:
    changed = parted(table, data)
    changed["classes"]["maps"] = {}
    made, sets = tables(changed, data)
    assert (made.planes(Reader().read(sets[0].train[0])) == 255).all()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"names": ["skin", "background"]}, "begins with 'background'"),
        ({"names": ["face"]}, "begins with 'background'"),
        ({"names": ["background", "hair"]}, "has 'skin'"),
        ({"maps": {"pair": {"hair": [1]}}}, "no data set 'pair'; did you mean pairs"),
        ({"maps": {"pairs": {"hiar": [1]}}}, r"maps\.pairs: there is no class 'hiar'; did you mean hair"),
        ({"maps": {"pairs": {"hair": [256]}}}, "labels are 0 … 255, not 256"),
        ({"maps": {"tree": {"hair": [1]}}}, "has no labels/"),
        ({"counts": {"glases": 30.0}}, r"counts: 'glases' is no class beside skin; did you mean glasses"),
        ({"counts": {"skin": 2.0}}, "counts: 'skin' is no class beside skin"),
    ],
)
def test_what_cannot_be_is_said_before_training(
    table: dict[str, Any], data: Path, change: dict[str, Any], message: str
) -> None:
    changed = parted(table, data)
    changed["classes"] = {**changed["classes"], **change}
    with pytest.raises(InputError, match=message):
        tables(changed, data)


def test_batches_carry_them_with_the_same_geometry(table: dict[str, Any], data: Path) -> None:
    recipe = parse({**parted(table, data), "batch": 12})
    batch = Batches(recipe, scan(recipe, [data]))[0]
    assert batch.others is not None
    assert batch.others.shape == (12, 64, 64, 4)
    skin = batch.targets > 250
    assert skin.any()
    # Where it is skin the others have (about) nothing to say; hair lies above it in these pictures.
    assert batch.others[skin].max(-1).mean() < 20
    assert (batch.others[..., HAIR] > 200).any()


def test_compositions_carry_them_too(table: dict[str, Any], data: Path) -> None:
    changed = parted(table, data) | {"compose": {"share": 1.0, "people": "pairs", "height": [40, 1.0]}, "batch": 12}
    recipe = parse(changed)
    batch = Batches(recipe, scan(recipe, [data]))[0]
    assert batch.others is not None
    # (What may be anything is left out.)
    hair = (batch.others[..., HAIR] > 200) & (batch.others[..., GLASSES] < 20)
    assert hair.any()
    assert (batch.others[..., BACK][hair] < 60).all()
    assert np.median(batch.others[..., BACK]) == 255, "around the pasted ones is background"


def test_others_stay_as_they_were_without_the_table(table: dict[str, Any], data: Path) -> None:
    plain, more = (parse(one) for one in (table, parted(table, data)))
    one, two = (Batches(recipe, scan(recipe, [data]))[3] for recipe in (plain, more))
    assert one.others is None
    assert np.array_equal(one.images, two.images)
    assert np.array_equal(one.targets, two.targets)
