"""Recipes that extend another: what is merged, what is not, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError
from rtskin.infer.card_toml import dumps
from rtskin.train.recipe import Recipe, load

MODELS = Path(__file__).resolve().parents[2] / "models"


@pytest.fixture
def base(tmp_path: Path, table: dict[str, Any]) -> Path:
    """``base/recipe.toml``, of two sets and 6 steps."""
    table["data"][0]["caps"] = {"one": 0.5}
    table |= {"net": {"options": {"width": 0.25}, "init": "old.pt"}, "distil": {"teachers": ["wide.pt", "/abs.pt"]}}
    return write(tmp_path / "base" / "recipe.toml", table)


def write(path: Path, table: dict[str, Any]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(dumps(table), "utf-8")
    return path


def extended(base: Path, **table: Any) -> Recipe:
    """A recipe in a folder beside the base's, that says so much."""
    path = base.parents[1] / "child" / "recipe.toml"
    return load(write(path, {"extends": "../base/recipe.toml", "name": "child", **table}))


def test_tables_are_merged_and_lists_replaced(base: Path) -> None:
    plain, recipe = load(base), extended(base, crops={"flip": 0.0}, shapes=[[64, 96]], net={"options": {"x": 1}})
    assert (recipe.name, recipe.batch, recipe.split) == ("child", plain.batch, plain.split)
    assert recipe.crops == plain.crops.model_copy(update={"flip": 0.0})
    assert recipe.shapes == [(64, 96)]
    assert recipe.net.options == {"width": 0.25, "x": 1}


def test_sets_are_merged_by_name_and_new_ones_come_last(base: Path) -> None:
    new = {"name": "new", "path": "new", "kind": "skinless", "weight": 1.0, "ship": False, "terms": "none"}
    mine = {"name": "pairs", "weight": 0.9, "caps": {"two": 0.1}}
    pairs, tree, last = extended(base, data=[new, mine]).data
    assert (pairs.name, pairs.weight, pairs.path, pairs.caps) == ("pairs", 0.9, "pairs", {"one": 0.5, "two": 0.1})
    assert tree == load(base).data[1]
    assert (last.name, last.ship) == ("new", False)
    assert not extended(base, data=[new]).ships


def test_sets_can_be_left_out(base: Path) -> None:
    assert [part.name for part in extended(base, leave_out=["tree"]).data] == ["pairs"]
    again = {"name": "tree", "path": "x", "kind": "skinless", "weight": 1.0, "ship": True, "terms": "none"}
    assert extended(base, leave_out=["tree"], data=[again]).data[1].path == "x"
    with pytest.raises(InputError, match="leave_out: there is no set 'tre' to leave out; did you mean tree"):
        extended(base, leave_out=["tre"])
    with pytest.raises(InputError, match="leave_out is a list of names"):
        extended(base, leave_out="tree")
    alone = write(base.with_name("alone.toml"), {"name": "alone", "leave_out": ["tree"]})
    with pytest.raises(InputError, match="extends is the path of one recipe"):
        load(alone)


def test_the_terms_of_origins_come_along(base: Path) -> None:
    table = {"extends": "recipe.toml", "name": "taught", "origins": [{"name": "net", "ship": False, "terms": "x"}]}
    write(base.with_name("taught.toml"), table)
    child = extended(base, extends="../base/taught.toml", origins=[{"name": "net", "terms": "y"}])
    (origin,) = child.origins
    assert (origin.ship, origin.terms) == (False, "y")


def test_weights_and_teachers_are_found_from_the_other_folder(base: Path) -> None:
    recipe = extended(base)
    for name in ("old.pt", "wide.pt"):
        (base.parent / name).touch()
    child = base.parents[1] / "child"
    assert (child / str(recipe.net.init)).samefile(base.parent / "old.pt")
    assert (child / recipe.distil.teachers[0]).samefile(base.parent / "wide.pt")
    assert recipe.distil.teachers[1] == "/abs.pt"
    assert extended(base, net={"init": "own.pt"}).net.init == "own.pt"
    write(base, {"name": "base", "net": {"init": ""}, "data": load(base).model_dump(exclude_none=True)["data"]})
    assert extended(base).net.init == ""


@pytest.mark.parametrize(("key", "value", "other"), [("minutes", 2.0, "steps"), ("steps", 9, "minutes")])
def test_the_length_is_one(base: Path, key: str, value: float, other: str) -> None:
    recipe = extended(base, **{key: value})
    assert (getattr(recipe, key), getattr(recipe, other)) == (value, None)
    assert extended(base).steps == load(base).steps


def test_over_several(base: Path) -> None:
    write(base.parents[1] / "deep" / "middle" / "recipe.toml", {"extends": "../../base/recipe.toml", "batch": 5})
    recipe = extended(base, extends="../deep/middle/recipe.toml")
    assert (recipe.batch, recipe.name, recipe.seed) == (5, "child", load(base).seed)
    (base.parent / "old.pt").touch()
    assert (base.parents[1] / "child" / str(recipe.net.init)).samefile(base.parent / "old.pt")


def test_a_name_is_not_inherited(base: Path) -> None:
    path = write(base.with_name("nameless.toml"), {"extends": "recipe.toml"})
    with pytest.raises(InputError, match="name: Field required"):
        load(path)


def test_circles_are_refused(base: Path) -> None:
    one = write(base.with_name("one.toml"), {"extends": "../base/two.toml"})
    write(base.with_name("two.toml"), {"extends": "one.toml"})
    with pytest.raises(InputError, match=r"in a circle: .*one.toml → .*two.toml → .*one.toml$"):
        load(one)
    with pytest.raises(InputError, match="in a circle"):
        load(write(base.with_name("self.toml"), {"extends": "self.toml"}))


def test_what_cannot_be_extended_is_refused(base: Path) -> None:
    with pytest.raises(InputError, match=r"none.toml, which .*child/recipe.toml extends, cannot be read \(No"):
        extended(base, extends="../none.toml")
    (base.parent / "bad.toml").write_text("name = ")
    with pytest.raises(InputError, match=r"bad.toml, which .*child/recipe.toml extends, is not TOML"):
        extended(base, extends="../base/bad.toml")
    for wrong in ("", 3, ["../base/recipe.toml"]):
        with pytest.raises(InputError, match="extends is the path of one recipe"):
            extended(base, extends=wrong)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        ({"extend": "x"}, "no key 'extend'; did you mean extends"),
        ({"data": [{"name": "pairs", "weight": 1.0}, {"name": "pairs"}]}, "data.2.path: Field required"),
        ({"data": [{"weight": 1.0}]}, "data.2.name: Field required"),
        ({"data": [{"name": "paris", "weight": 1.0}]}, r"no \[\[data\]\] called 'paris'; did you mean pairs"),
        ({"data": [3]}, "data.2: Input should be"),
        ({"data": 3}, "data: Input should be a valid list"),
        ({"crops": 3}, "crops: Input should be"),
    ],
)
def test_what_is_merged_is_checked_as_a_whole(base: Path, keys: dict[str, Any], message: str) -> None:
    with pytest.raises(InputError, match=message):
        extended(base, **keys)


def test_a_checkpoint_holds_the_whole(base: Path, data: Path) -> None:
    from rtskin.train.loop import checkpoint
    from rtskin.train.session import train

    table = {"extends": "recipe.toml", "name": "child", "steps": 1, "seed": 4}
    own = {"net": {"init": ""}, "distil": {"teachers": []}}
    path = write(base.with_name("child.toml"), {**table, **own})
    last = train(path, base.parents[1] / "run", [data], quiet=True)
    shutil.rmtree(base.parent)
    held = json.loads(checkpoint.load(last)["recipe"])
    assert "extends" not in held
    assert (held["name"], held["seed"], held["batch"]) == ("child", 4, 3)
    assert [part["name"] for part in held["data"]] == ["pairs", "tree"]


@pytest.mark.parametrize(("name", "length"), [("mobile-unet-parts", (1476, None)), ("mobile-unet-prior", (None, 25))])
def test_what_ships_has_the_light_the_split_and_the_terms_of_mobile_unet(
    name: str, length: tuple[int | None, float | None]
) -> None:
    recipe, other = load(MODELS / name / "recipe.toml"), load(MODELS / "mobile-unet" / "recipe.toml")
    assert (recipe.name, recipe.steps, recipe.minutes) == (name, *length)
    assert (recipe.ships, recipe.augment, recipe.split, recipe.shapes, recipe.still) == (
        True, other.augment, other.split, other.shapes, other.still,
    )  # fmt: skip
    same = ("name", "path", "kind", "held_out", "group", "caps")
    assert [[getattr(one, key) for key in same] for one in recipe.data] == [
        [getattr(one, key) for key in same] for one in other.data
    ]
