"""birefnet-lite learns by its own losses, in batches that are split over memory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

torch = pytest.importorskip("torch")

from rtskin.errors import InputError  # noqa: E402
from rtskin.nets.birefnet import swin  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop import checkpoint  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
from rtskin.train.recipe import load, parse  # noqa: E402


def own(table: dict[str, Any]) -> dict[str, Any]:
    return {
        **table,
        "steps": 1, "batch": 2, "size": 64, "validate_every": 1, "validate_images": 1,
        "net": {"architecture": "birefnet-lite", "options": {"frugal": True}},
        "loss": {"bce": 30, "dice": 0, "iou": 0.5, "ssim": 10, "deep": 1, "gradient": 1},
        "optimiser": {"rate": 1e-3, "accumulate": 2, "clip": 100},
    }  # fmt: skip


def test_a_step(table: dict[str, Any], data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of one with fewer blocks; that all of the whole learn is tested where the network is."""
    monkeypatch.setattr(swin, "_DEPTHS", (2, 1, 1, 1))
    recipe = parse(own(table))
    training = Trainer(recipe, scan(recipe, [data]), tmp_path / "out")
    before = {name: value.clone() for name, value in training.net.named_parameters()}
    training.run()
    state = checkpoint.load(tmp_path / "out" / checkpoint.LAST)
    assert state["step"] == 1
    still = [name for name, value in training.net.named_parameters() if torch.equal(value, before[name])]
    assert still == [], "every part learns: levels, gradients, the backbone"
    lines = [json.loads(line) for line in (tmp_path / "out/log.jsonl").read_text().splitlines()]
    (entry,) = [line for line in lines if "losses" in line]
    assert set(entry["losses"]) == {"bce_dice", "iou", "ssim", "deep", "gradient"}


def test_a_network_that_says_nothing_of_gradients(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    recipe = parse({**table, "loss": {"gradient": 1}})
    with pytest.raises(InputError, match=r"mobile-unet says nothing of gradients; set loss\.gradient to 0"):
        Trainer(recipe, scan(recipe, [data]), tmp_path / "out")


def test_its_recipe_is_one() -> None:
    recipe = load(Path(__file__).resolve().parents[2] / "models/birefnet-lite/recipe.toml")
    assert (recipe.net.architecture, recipe.net_options) == ("birefnet-lite", {"frugal": True})
    assert recipe.loss.deep
    assert recipe.loss.gradient
    assert recipe.precision == "bf16"
