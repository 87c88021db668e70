from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.errors import InputError
from rtskin.train.recipe import Origin
from rtskin.train.regions import recipe as recipes
from rtskin.train.regions.terms import terms

SHIPPED = Path(__file__).resolve().parents[3] / "models" / "region-label" / "recipe.toml"
SET = {"name": "a", "paths": ["a"], "ship": True, "terms": "CC0"}


def test_the_shipped_one_may_ship_and_leaves_out_what_is_measured() -> None:
    recipe = recipes.load(SHIPPED)
    assert recipe.ships
    paths = [path for spec in recipe.data for path in spec.paths]
    assert not [path for path in paths if any(name in path for name in ("hungry", "want", "coffee", "hgr"))]


@pytest.mark.parametrize(
    ("table", "said"),
    [
        ({"name": "x", "data": [{**SET, "skinles": True}]}, "data.0.skinles.*did you mean skinless"),
        ({"name": "x", "data": [SET], "step": 3}, "no key 'step'; did you mean steps"),
        ({"name": "x", "data": []}, "data: "),
        ({"name": "x", "data": [{**SET, "paths": []}]}, "data.0.paths"),
    ],
)
def test_wrong_keys_are_named(table: dict[str, object], said: str) -> None:
    with pytest.raises(InputError, match=said):
        recipes.parse(table)


def test_files_that_are_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        recipes.load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match="is not TOML"):
        recipes.load(tmp_path / "bad.toml")


def test_terms_of_pictures_labels_and_the_segmenter() -> None:
    recipe = recipes.parse({"name": "x", "data": [SET], "origins": [{"name": "d", "ship": True, "terms": "MIT"}]})
    assert terms(recipe, Origin(name="m", ship=True, terms="ours")) == "a: CC0; d: MIT; m: ours"
    barred = terms(recipe, Origin(name="m", ship=False, terms="theirs"))
    assert barred.startswith("NOT TO BE GIVEN TO OTHERS, trained on m; ")
    assert not recipes.parse({"name": "x", "data": [{**SET, "ship": False}]}).ships
