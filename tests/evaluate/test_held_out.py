"""Only pictures that a training has not seen."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import InputError
from rtskin.evaluate.datasets import Dataset, Item
from rtskin.evaluate.held_out import HeldOut
from rtskin.evaluate.origin import check_unseen
from rtskin.train.data.split import fold_of

RECIPE = """
name = "r"
steps = 1
[split]
folds = 4
held_out = 1
[[data]]
name = "street"
path = "sets/street"
kind = "pairs"
weight = 1
ship = true
terms = "-"
[[data]]
name = "wood"
path = "wood"
kind = "skinless"
weight = 1
ship = true
terms = "-"
held_out = 3
[[data]]
name = "fruit"
path = "fruit"
kind = "skinless"
weight = 1
ship = true
terms = "-"
group = "one-key"
"""


@pytest.fixture
def held(tmp_path: Path) -> HeldOut:
    (tmp_path / "recipe.toml").write_text(RECIPE)
    return HeldOut(tmp_path / "recipe.toml")


def test_it_is_the_split_of_the_recipe(held: HeldOut) -> None:
    keep = held.keep(Path("/data/sets/street"))
    assert keep is not None
    names = [f"picture{number}" for number in range(40)]
    assert [keep(f"{name}.webp") for name in names] == [fold_of(name, 4) == 1 for name in names]
    assert any(keep(f"{name}.webp") for name in names)


def test_a_set_may_keep_out_another_fold_and_stay_together(held: HeldOut) -> None:
    wood, fruit = held.keep(Path("/data/wood")), held.keep(Path("fruit"))
    assert wood is not None
    assert fruit is not None
    assert [wood(f"repo{number}/a.jpg") for number in range(9)] == [
        fold_of(f"repo{number}", 4) == 3 for number in range(9)
    ]
    assert {fruit(f"{number}.jpg") for number in range(9)} == {fold_of("one-key", 4) == 1}


def test_what_is_not_in_the_recipe_was_never_trained_on(held: HeldOut) -> None:
    assert held.keep(Path("/data/street")) is None
    assert held.keep(Path("/data/hgr")) is None


def test_it_knows_which_trees_are_skinless(held: HeldOut) -> None:
    assert held.skinless(Path("/data/wood"))
    assert not held.skinless(Path("/data/sets/street"))
    assert not held.skinless(Path("/data/hgr"))


def test_a_recipe_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        HeldOut(tmp_path / "none.toml")


def test_the_shipped_recipes_have_not_seen_what_they_keep_out() -> None:
    """mobile-unet goes on from itself, the others from mobile-unet: with one split for all."""
    models = Path(__file__).resolve().parents[2] / "models"
    names = [f"{number:04d}" for number in range(1, 60)]
    for name in ("mobile-unet", "mobile-unet-parts", "mobile-unet-prior"):
        path = models / name / "recipe.toml"
        held = HeldOut(path)
        for part in held.recipe.data:
            keep = held.keep(Path("/data") / part.path)
            assert keep is not None
            items = [Item(key, Path(key), None) for key in names if keep(key)]
            check_unseen(held.recipe, path.parent, [Dataset(part.name, Path("/data") / part.path, items)])
