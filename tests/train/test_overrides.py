from __future__ import annotations

from typing import Any

import pytest

from rtskin.errors import InputError
from rtskin.train.overrides import overridden
from rtskin.train.recipe import parse


def test_values_are_toml_and_names_need_no_quotation_marks(table: dict[str, Any]) -> None:
    settings = ["loss.focal=1.5", "optimiser.name=adamp", "batch_shapes=[[128, 64]]", "name='other one'", "seed = 5"]
    recipe = parse(overridden(table, settings))
    assert recipe.loss.focal == 1.5
    assert recipe.optimiser.name == "adamp"
    assert recipe.batch_shapes == [(128, 64)]
    assert (recipe.name, recipe.seed) == ("other one", 5)
    assert "loss" not in table


def test_data_sets_go_by_their_names(table: dict[str, Any]) -> None:
    recipe = parse(overridden(table, ["data.pairs.weight=0.9", "data.tree=false"]))
    assert [(part.name, part.weight) for part in recipe.data] == [("pairs", 0.9)]
    assert len(table["data"]) == 2


@pytest.mark.parametrize(
    ("setting", "message"),
    [
        ("loss.focal", "give KEY=VALUE"),
        ("=1", "give KEY=VALUE"),
        ("loss.focal=1 2", "no value as TOML"),
        ("steps.many=1", "steps is no table"),
        ("data.tre=false", "no data set 'tre'; did you mean tree"),
        ("data.tree=1", "left out by false"),
    ],
)
def test_what_cannot_be_understood(table: dict[str, Any], setting: str, message: str) -> None:
    with pytest.raises(InputError, match=message):
        overridden(table, [setting])


def test_unknown_keys_are_refused_with_the_nearest(table: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=r"no key 'loss.focl'; did you mean focal"):
        parse(overridden(table, ["loss.focl=1"]))
