"""What ships in models/: it loads, it fits its cards, it may be given to others, and its page is what the cards say."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from rtskin.cli import models
from rtskin.errors import InputError
from rtskin.infer.card_table import to_markdown
from rtskin.infer.cards import Card
from rtskin.train.terms.shipping import LIMIT, faults

MODELS = Path(__file__).resolve().parents[1] / "models"


def test_everything_may_ship() -> None:
    assert faults(MODELS) == []
    assert list(MODELS.glob("*/model.toml"))
    assert list(MODELS.glob("*/label.toml"))


def test_the_page_is_what_the_cards_say() -> None:
    cards = [Card.load(path) for path in sorted(MODELS.glob("*/model.toml"))]
    labels = [Card.load(path) for path in sorted(MODELS.glob("*/label.toml"))]
    assert (MODELS / "README.md").read_text("utf-8") == to_markdown(cards, labels), (
        "run: rtskin models --markdown > models/README.md"
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with one network in it, made of the one that ships."""
    others = shutil.ignore_patterns("mobile-unet-*", "straight-u2net*", "dlmv")
    return Path(shutil.copytree(MODELS, tmp_path / "models", ignore=others))


def test_a_training_on_data_that_may_not_ship_is_refused(copy: Path) -> None:
    recipe = copy / "mobile-unet" / "recipe.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("ship = true", "ship = false", 1), "utf-8")
    assert faults(copy) == ["mobile-unet: ccp may not ship"]


def test_what_extends_a_recipe_that_may_not_ship_may_not_either(copy: Path) -> None:
    shutil.copytree(MODELS / "mobile-unet-prior", copy / "mobile-unet-prior")
    recipe = copy / "mobile-unet" / "recipe.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("ship = true", "ship = false", 1), "utf-8")
    assert faults(copy) == ["mobile-unet: ccp may not ship", "mobile-unet-prior: ccp may not ship"]


def test_a_labelling_network_on_data_that_may_not_ship_is_refused(copy: Path) -> None:
    recipe = copy / "region-label" / "recipe.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("ship = true", "ship = false", 1), "utf-8")
    assert faults(copy) == ["region-label: ccp may not ship"]


def test_a_card_that_says_it_may_not_be_given_to_others_is_refused(copy: Path) -> None:
    path = copy / "mobile-unet" / "model.toml"
    good = path.read_text("utf-8")
    bare = good.replace("ships = true\n", "")
    path.write_text(bare.replace("licence = ", "ships = false\nlicence = ", 1), "utf-8")
    assert faults(copy) == ["mobile-unet: its card says that it may not be given to others"]
    path.write_text(
        bare.replace('data_terms = "', 'data_terms = "NOT TO BE GIVEN TO OTHERS, trained on x; ', 1), "utf-8"
    )
    assert faults(copy) == ["mobile-unet: its card says that it may not be given to others"]


def test_an_origin_that_may_not_ship_taints(copy: Path) -> None:
    recipe = copy / "mobile-unet" / "recipe.toml"
    text = recipe.read_text("utf-8") + '\n[[origins]]\nname = "teacher"\nship = false\nterms = "unknown"\n'
    recipe.write_text(text, "utf-8")
    assert faults(copy) == ["mobile-unet: teacher may not ship"]


def test_weights_without_a_digest_are_refused(copy: Path) -> None:
    path = copy / "mobile-unet" / "model.toml"
    lines = [line for line in path.read_text("utf-8").splitlines() if not line.startswith("sha256")]
    path.write_text("\n".join(lines), "utf-8")
    assert faults(copy) == ["mobile-unet: its card has no sha256 of the weights"]


def test_a_card_that_names_no_recipe_is_refused(copy: Path) -> None:
    path = copy / "mobile-unet" / "model.toml"
    path.write_text(
        path.read_text("utf-8").replace('recipe = "recipe.toml"', 'recipe = "mobile-unet, seed 1"'), "utf-8"
    )
    (fault,) = faults(copy)
    assert "names no recipe file" in fault


def test_other_weights_a_lost_recipe_and_too_many_bytes_are_refused(copy: Path) -> None:
    with (copy / "mobile-unet" / "mobile-unet.onnx").open("ab") as file:
        file.write(b"x")
    assert "sha256" in faults(copy)[0]
    shutil.copy(MODELS / "mobile-unet" / "mobile-unet.onnx", copy / "mobile-unet")
    (copy / "mobile-unet" / "recipe.toml").unlink()
    assert "cannot be read" in faults(copy)[0]
    with (copy / "large.bin").open("wb") as file:
        file.truncate(int(LIMIT) + 1)
    assert "25 MB may ship" in faults(copy)[-1]


def run(*arguments: str) -> Any:
    app = typer.Typer()
    models.register(app)
    app.command("other")(lambda: None)  # one verb alone would not be a group
    return CliRunner().invoke(app, ["models", *arguments], catch_exceptions=False)


def test_the_verb_prints_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # no models of the user's own
    monkeypatch.delenv("RTSKIN_MODELS", raising=False)
    assert run("--markdown").stdout == (MODELS / "README.md").read_text("utf-8")


def test_the_verb_says_what_may_not_ship(copy: Path) -> None:
    assert run("--check", str(copy)).exit_code == 0
    recipe = copy / "mobile-unet" / "recipe.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("ship = true", "ship = false", 1), "utf-8")
    refused = run("--check", str(copy))
    assert (refused.exit_code, refused.stdout) == (1, "mobile-unet: ccp may not ship\n")
    with pytest.raises(InputError, match="holds no models"):
        run("--check", str(copy / "mobile-unet"))
