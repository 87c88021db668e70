from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError
from rtskin.train.recipe import load, parse


@pytest.mark.parametrize(
    ("place", "key", "message"),
    [
        ((), "bach", "no key 'bach'; did you mean batch"),
        (("crops",), "flipp", r"no key 'crops.flipp'; did you mean flip"),
        (("data", 0), "wieght", r"no key 'data.0.wieght'; did you mean weight"),
        (("origins", 0), "trems", r"no key 'origins.0.trems'; did you mean terms"),
    ],
)
def test_unknown_keys_are_refused_with_the_nearest(
    table: dict[str, Any], place: tuple[Any, ...], key: str, message: str
) -> None:
    part: Any = table
    table["origins"] = [{"name": "net", "ship": True, "terms": "mine"}]
    for step in place:
        part = part.setdefault(step, {}) if isinstance(part, dict) else part[step]
    part[key] = 1
    with pytest.raises(InputError, match=message):
        parse(table)


def test_one_line_says_what_is_wrong(table: dict[str, Any]) -> None:
    table["size"] = 100
    with pytest.raises(InputError, match="size: Input should be a multiple of 32") as error:
        parse(table)
    assert "\n" not in str(error.value)


def test_steps_and_minutes_exclude_each_other(table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="both steps and minutes"):
        parse({**table, "minutes": 1})


@pytest.mark.parametrize(
    ("part", "values", "message"),
    [
        ("crops", {"scale": [0.0, 1.0]}, "crops.scale.0: Input should be greater than 0"),
        ("crops", {"scale": [1.0, 0.1]}, "crops.scale is from the smallest to the largest"),
        ("compose", {"height": [0, 2]}, "compose.height.0: Input should be greater than 0"),
        ("compose", {"share": 0.6, "limbs": 0.5}, "together at most 1"),
        ("schedule", {"freeze": ["stem"]}, "give both or none"),
        ("schedule", {"freeze_steps": 3}, "give both or none"),
    ],
)
def test_values_that_would_do_nothing_or_harm(table: dict[str, Any], part: str, values: Any, message: str) -> None:
    with pytest.raises(InputError, match=message):
        parse({**table, part: values})


def test_two_sets_of_one_name(table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match="twice: pairs"):
        parse({**table, "data": [table["data"][0], table["data"][0]]})


def test_what_may_not_ship_taints_the_whole(table: dict[str, Any]) -> None:
    assert parse(table).ships
    table["data"][1]["ship"] = False
    assert not parse(table).ships


def test_missing_and_malformed_files(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="cannot be read"):
        load(tmp_path / "none.toml")
    (tmp_path / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match="is not TOML"):
        load(tmp_path / "bad.toml")


def test_the_shipped_recipe_is_valid_and_ships() -> None:
    recipe = load(Path(__file__).resolve().parents[2] / "models/mobile-unet/recipe.toml")
    assert recipe.ships
    assert "hgr" not in {part.path for part in recipe.data}
