from __future__ import annotations

from pathlib import Path

from rtskin.train.data.sets import scan
from rtskin.train.data.split import fold_of, split_key
from rtskin.train.recipe import load


def test_the_hash_never_changes() -> None:
    assert [fold_of(key, 5) for key in ("0002", "0003", "GroceryStoreDataset", "intel_asl_book")] == EXPECTED


def test_folds_are_about_even() -> None:
    counts = [0] * 5
    for index in range(2000):
        counts[fold_of(f"{index:04d}", 5)] += 1
    assert min(counts) > 340
    assert max(counts) < 460


def test_what_stays_together() -> None:
    assert split_key("0002") == "0002"
    assert split_key("repository/deep/picture.webp") == "repository"
    assert split_key("clip/00010.jpg") == "clip"
    assert split_key("Anjou_011.jpg", "GroceryStoreDataset") == "GroceryStoreDataset"


def test_the_shipped_recipe_keeps_one_repository_on_one_side(shared: Path) -> None:
    recipe = load(Path(__file__).resolve().parents[3] / "models/mobile-unet/recipe.toml")
    parts = [part for part in recipe.data if part.name in ("negatives", "negatives_grocery")]
    sets = scan(recipe.model_copy(update={"data": parts}), [shared / "data"])
    train = {item.group for part in sets for item in part.train}
    held = {item.group for part in sets for item in part.held}
    assert not train & held
    assert "GroceryStoreDataset" in train | held
    assert sum(len(part.held) for part in sets) > 100


EXPECTED = [
    2,
    3,
    0,
    4,
]
