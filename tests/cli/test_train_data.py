"""``rtskin train pack``, ``augment`` and ``preview`` as a user meets them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

torch = pytest.importorskip("torch")

from rtskin.cli import train as verb  # noqa: E402
from rtskin.errors import InputError, OutputExistsError  # noqa: E402
from rtskin.train.data.imaging import cv2  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.session import train  # noqa: E402

_RECIPE = """
name = "tiny"
steps = 1
batch = 2
size = 64
threads = 1
workers = 0
net = { options = { width = 0.25 } }
split = { held_out = -1 }

[[data]]
name = "pairs"
path = "pairs"
kind = "pairs"
weight = 1.0
ship = true
terms = "made up"
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    for folder in ("images", "masks"):
        (tmp_path / "data/pairs" / folder).mkdir(parents=True)
    rng = np.random.default_rng(0)
    for index in range(3):
        mask = np.zeros((48, 64), np.uint8)
        mask[10:30, 10 + index : 40] = 255
        cv2.imwrite(str(tmp_path / f"data/pairs/masks/{index}.png"), mask)
        cv2.imwrite(str(tmp_path / f"data/pairs/images/{index}.png"), rng.integers(0, 256, (48, 64, 3), np.uint8))
    (tmp_path / "recipe.toml").write_text(_RECIPE)
    return tmp_path / "recipe.toml"


def run(*arguments: object) -> str:
    app = typer.Typer()
    verb.register(app)
    app.command("other")(lambda: None)  # one verb alone would not be a group
    done: Any = CliRunner().invoke(app, ["train", *map(str, arguments)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return str(done.stdout)


def test_a_recipe_is_packed_and_trained_from_its_pack(recipe: Path, tmp_path: Path) -> None:
    out = tmp_path / "my.pack"
    said = run("pack", recipe, "--data", tmp_path / "data", "--out", out, "--long-side", 32, "--quality", 80)
    assert "pairs: 3 pictures; images 0.0" in said
    assert "3 pictures, 0 broken" in said
    with pytest.raises(OutputExistsError):
        run("pack", recipe, "--data", tmp_path / "data", "--out", out)
    assert checkpoint.load(train(recipe, tmp_path / "run", [out], quiet=True))["step"] == 1
    with pytest.raises(InputError, match="folders are packed as they are"):
        run("pack", tmp_path / "data", "--data", tmp_path, "--out", tmp_path / "other.pack")
    with pytest.raises(InputError, match="one recipe, or folders"):
        run("pack", recipe, tmp_path / "data", "--out", tmp_path / "other.pack")


def test_folders_are_packed_and_broken_pictures_named(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "data/clips").mkdir()
    (tmp_path / "data/pairs/images/1.png").write_bytes(b"no picture")
    said = run("pack", tmp_path / "data", "--out", tmp_path / "all.pack")
    assert "clips: no pictures" in said
    assert "3 pictures, 1 broken" in said
    assert "1.png: is not a picture" in said


def test_variants_are_counted(recipe: Path, tmp_path: Path) -> None:
    (tmp_path / "data/pairs/images/2.png").write_bytes(b"no picture")
    said = run("augment", tmp_path / "data/pairs", tmp_path / "out")
    assert "52 variants written" in said
    assert "0 were there, 1 originals are broken" in said
    assert "0 variants written" in run("augment", tmp_path / "data/pairs", tmp_path / "out")


def test_a_sheet_is_written_and_says_what_is_on_it(recipe: Path, tmp_path: Path) -> None:
    arguments = ("preview", recipe, "--data", tmp_path / "data", "--samples", 5, "--out")
    assert "5 pairs" in run(*arguments, tmp_path / "one.png")
    run(*arguments, tmp_path / "two.png", "--seed", 4)
    run(*arguments, tmp_path / "three.png", "--set", "augment.lattice=1")
    sheets = {(tmp_path / f"{name}.png").read_bytes() for name in ("one", "two", "three")}
    assert len(sheets) == 3
