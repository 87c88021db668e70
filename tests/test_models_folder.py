"""What ships in models/: it loads, it fits its cards, it may be given to others, and its page is what the cards say."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rtskin.cli import models
from rtskin.errors import RtskinError
from rtskin.infer.card_table import to_markdown
from rtskin.infer.cards import Card
from rtskin.infer.weights import checked_weights
from rtskin.train import recipe as recipes

MODELS = Path(__file__).resolve().parents[1] / "models"
#: Bytes; the wheel must stay below what package indexes take.
LIMIT = 25e6


def faults(folder: Path) -> list[str]:
    """What forbids to ship this folder of models."""
    found = [fault for card in sorted(folder.glob("*/model.toml")) for fault in model_faults(card)]
    size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
    return found + ([f"{size / 1e6:.0f} MB"] if size > LIMIT else [])


def model_faults(path: Path) -> list[str]:
    try:
        card = Card.load(path)
        if card.weights is None:
            return []
        checked_weights(card)
        return recipe_faults(path.parent / card.recipe)
    except RtskinError as error:
        return [str(error)]


def recipe_faults(path: Path) -> list[str]:
    """A network is shipped with its recipe, and only if all its data allows it."""
    recipe = recipes.load(path)
    return [f"{path.parent.name}: {part.name} may not ship" for part in recipe.data if not part.ship]


def test_everything_may_ship() -> None:
    assert faults(MODELS) == []
    assert list(MODELS.glob("*/model.toml"))


def test_the_page_is_what_the_cards_say() -> None:
    cards = [Card.load(path) for path in sorted(MODELS.glob("*/model.toml"))]
    assert (MODELS / "README.md").read_text("utf-8") == to_markdown(cards), (
        "run: rtskin models --markdown > models/README.md"
    )


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A folder with one network in it, made of the one that ships."""
    return Path(shutil.copytree(MODELS, tmp_path / "models"))


def test_a_training_on_data_that_may_not_ship_is_refused(copy: Path) -> None:
    recipe = copy / "mobile-unet" / "recipe.toml"
    recipe.write_text(recipe.read_text("utf-8").replace("ship = true", "ship = false", 1), "utf-8")
    assert faults(copy) == ["mobile-unet: ccp may not ship"]


def test_other_weights_a_lost_recipe_and_too_many_bytes_are_refused(copy: Path) -> None:
    with (copy / "mobile-unet" / "mobile-unet.onnx").open("ab") as file:
        file.write(b"x")
    assert "sha256" in faults(copy)[0]
    shutil.copy(MODELS / "mobile-unet" / "mobile-unet.onnx", copy / "mobile-unet")
    (copy / "mobile-unet" / "recipe.toml").unlink()
    assert "cannot be read" in faults(copy)[0]
    with (copy / "large.bin").open("wb") as file:
        file.truncate(int(LIMIT) + 1)
    assert faults(copy)[-1].endswith("MB")


def test_the_verb_prints_the_page(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))  # no models of the user's own
    monkeypatch.delenv("RTSKIN_MODELS", raising=False)
    app = typer.Typer()
    models.register(app)
    app.command("other")(lambda: None)  # one verb alone would not be a group
    printed = CliRunner().invoke(app, ["models", "--markdown"], catch_exceptions=False).stdout
    assert printed == (MODELS / "README.md").read_text("utf-8")
