"""Terms travel with weights: into the recipe, the checkpoint and the card."""

from __future__ import annotations

import json
import shutil
import tomllib
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError  # noqa: E402
from rtskin.infer.card_toml import dumps  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.export import card  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.recipe import Recipe, parse  # noqa: E402
from rtskin.train.session import train  # noqa: E402
from rtskin.train.terms.origins import terms, with_origins  # noqa: E402

MODEL = Path(__file__).resolve().parents[3] / "models/mobile-unet"


def begun(table: dict[str, Any], **net: Any) -> Recipe:
    return parse({**table, "net": {**table["net"], **net}})


def exported(recipe: Recipe) -> dict[str, Any]:
    return tomllib.loads(card(recipe, "x.onnx", "0" * 64, 1, 1))


@pytest.fixture
def model(tmp_path: Path) -> Path:
    return Path(shutil.copytree(MODEL, tmp_path / "model"))


@pytest.mark.parametrize("name", ["model", "model/model.toml", "model/mobile-unet.onnx"])
def test_a_card_that_ships_does_not_taint(name: str, table: dict[str, Any], model: Path) -> None:
    recipe = with_origins(begun(table, init=name), model.parent)
    assert [(one.name, one.ship) for one in recipe.origins] == [("mobile-unet", True)]
    assert recipe.ships
    assert exported(recipe)["ships"] is True
    assert "mobile-unet: ccp: Apache-2.0" in exported(recipe)["data_terms"]


def test_generations_do_not_repeat_each_other(table: dict[str, Any]) -> None:
    def said(origin: str) -> str:
        return terms(parse({**table, "origins": [{"name": "net", "ship": True, "terms": origin}]}))

    own = terms(parse(table))
    assert own == "pairs: made up; tree: made up"
    assert said(own) == f"{own}; net: as above"
    assert said(f"{own}; net: as above") == f"{own}; net: as above"
    assert said("pairs: made up; hands: CC0; tree: made up") == f"{own}; net: hands: CC0"
    assert said(said("hands: CC0; tree: made up")) == f"{own}; net: hands: CC0"
    # Longer terms of a set of the same name are other terms.
    assert said("pairs: made up by others") == f"{own}; net: pairs: made up by others"


@pytest.mark.parametrize("name", ["model", "model/mobile-unet.onnx"])
def test_one_that_may_not_ship_taints_what_starts_from_it(name: str, table: dict[str, Any], model: Path) -> None:
    text = (model / "model.toml").read_text("utf-8").replace("ships = true\n", "")
    (model / "model.toml").write_text(text.replace("licence = ", "ships = false\nlicence = ", 1), "utf-8")
    recipe = with_origins(begun(table, init=name), model.parent)
    assert not recipe.ships
    assert exported(recipe)["ships"] is False
    assert exported(recipe)["data_terms"].startswith("NOT TO BE GIVEN TO OTHERS, trained on mobile-unet; ")


def test_so_does_a_teacher_and_a_file_without_a_card(table: dict[str, Any], model: Path) -> None:
    (model / "model.toml").unlink()
    taught = parse({**table, "distil": {"teachers": ["model/mobile-unet.onnx"]}})
    recipe = with_origins(taught, model.parent)
    assert not recipe.ships
    assert "mobile-unet: unknown, it has no card" in terms(recipe)
    said = {"name": "mobile-unet", "ship": True, "terms": "mine"}
    assert with_origins(parse({**taught.model_dump(), "origins": [said]}), model.parent).ships


def test_checkpoints_carry_the_terms_of_their_data_on(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table["data"][1]["ship"] = False
    (tmp_path / "first.toml").write_text(dumps(table))
    first = train(tmp_path / "first.toml", tmp_path / "one", [data], steps=1, quiet=True)
    table["data"][1]["ship"] = True
    (tmp_path / "second.toml").write_text(dumps({**table, "net": {**table["net"], "init": str(first)}}))
    second = train(tmp_path / "second.toml", tmp_path / "two", [data], steps=1, quiet=True)
    recipe = parse(json.loads(checkpoint.load(second)["recipe"]))
    assert all(part.ship for part in recipe.data)
    assert not recipe.ships
    assert exported(recipe)["ships"] is False


def test_terms_of_each_picture(table: dict[str, Any], data: Path) -> None:
    table["data"][1]["terms_file"] = "tree.tsv"
    with pytest.raises(InputError, match=r"there is no terms_file 'tree.tsv' in .*data; see --data"):
        scan(parse(table), [data])
    rows = [f"tree/{path.relative_to(data / 'tree')}\tCC0" for path in sorted((data / "tree").rglob("*.jpg"))]
    (data / "tree.tsv").write_text("\n".join(["file\tlicence", *rows]))
    assert scan(parse(table), [data])[1].train
    (data / "tree.tsv").write_text("\n".join(["file\tlicence", *rows[:-2], rows[-1].replace("CC0", "")]))
    with pytest.raises(InputError, match=r"gives no terms for .*\.jpg \(and 1 more\)"):
        scan(parse(table), [data])
    (data / "tree.tsv").write_text("picture\towner\nx\ty")
    with pytest.raises(InputError, match="needs tab-separated columns 'file' and 'licence'"):
        scan(parse(table), [data])
