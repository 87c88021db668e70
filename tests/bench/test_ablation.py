"""The ablation: trained, scored, compared; gone on with; refused where it makes no sense."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from bench import ablation
from bench.ablation import Variant, read_variants, run
from rtskin.errors import InputError
from rtskin.evaluate.metrics import count
from rtskin.train import report, session
from rtskin.train.data.imaging import cv2
from rtskin.train.recipe import load, parse

_RECIPE = """
name = "tiny"
steps = 100
batch = 2
size = 64
threads = 1
workers = 0
net = {options = {width = 0.25}}
split = {folds = 3}
[[data]]
name = "pairs"
path = "pairs"
kind = "pairs"
weight = 0.7
ship = true
terms = "made up"
[[data]]
name = "tree"
path = "tree"
kind = "skinless"
weight = 0.3
ship = true
terms = "made up"
"""
_FOCAL = Variant("focal", "focal instead", ("loss.bce=0", "loss.focal=5"))
_SKINLESS = Variant("without", "without the tree", ("data.tree=false",))
_SAME = Variant("same", "nothing new", ("loss.bce=1",))


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Discs of skin colour on noise, and noise alone; trainings draw no pictures, which takes longer than they do."""
    monkeypatch.setattr(report, "write", lambda *args: [])
    (tmp_path / "tiny.toml").write_text(_RECIPE)
    for index in range(9):
        image = np.random.default_rng(index).integers(60, 120, (72, 96, 3), np.uint8)
        mask = np.zeros((72, 96), np.uint8)
        cv2.circle(mask, (30 + 4 * index, 36), 18, 255, -1)
        skinless = tmp_path / f"data/tree/repository{index}"
        for folder, picture in (
            (skinless, image),
            ("images", np.where(mask[..., None] > 0, (110, 150, 215), image)),
            ("masks", mask),
        ):
            target = tmp_path / "data/pairs" / folder
            target.mkdir(parents=True, exist_ok=True)
            cv2.imwrite(str(target / f"{index}.png"), picture)
    return tmp_path


def test_a_table_of_what_was_trained(
    place: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (place / "data/pairs/images/3.png").write_bytes(b"no picture")
    variants = [_FOCAL, _SKINLESS, _SAME]
    table = run(place / "tiny.toml", place / "out", variants, [place / "data"], 2, [1])
    assert (place / "out/table.md").read_text() == table
    rows = [line.split("|")[1].strip() for line in table.splitlines() if line.startswith("| ")]
    assert rows == ["", "---", "the recipe as it is", "focal instead", "without the tree"]
    assert "same is left out" in capsys.readouterr().err
    assert "pairs: IoU" in table
    assert "tree: false skin" in table  # also for the network that never saw the set
    # Again: nothing is trained, the table is the same.
    monkeypatch.setattr(session, "train", lambda *args, **kwargs: pytest.fail("trained again"))
    again = run(place / "tiny.toml", place / "out", variants, [place / "data"], 2, [1])
    assert again == table
    with pytest.raises(InputError, match="holds another training"):
        run(place / "tiny.toml", place / "out", variants, [place / "data"], 3, [1])


def test_what_was_stopped_is_gone_on_with(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real, resumed = session.train, []

    def stops(*args: Any, **kwargs: Any) -> Path:
        resumed.append(args[3])
        weights = real(*args, **kwargs)
        if len(resumed) == 1:
            raise KeyboardInterrupt
        return weights

    monkeypatch.setattr(session, "train", stops)
    with pytest.raises(KeyboardInterrupt):
        run(place / "tiny.toml", place / "out", [], [place / "data"], 2, [1])
    run(place / "tiny.toml", place / "out", [], [place / "data"], 2, [1])
    assert resumed == [False, True]
    assert json.loads((place / "out/base/1/scores.json").read_text())["said"]["steps"] == 2


def test_differences_are_paired_and_say_what_is_sure() -> None:
    rng = np.random.default_rng(0)
    truth = (np.arange(400) < 200).reshape(20, 20).astype(np.uint8) * 255
    base, better = [], []
    for _ in range(30):
        wrong = rng.random((20, 20)) < rng.uniform(0.1, 0.4)
        base.append(count(np.where(wrong, 255 - truth, truth), truth))
        better.append(replace(base[-1], missed=base[-1].missed - 5, hit=base[-1].hit + 5))
    table = ablation.report(
        {"base": [{"pairs": base}], "more": [{"pairs": better}] * 2, "none": [{"pairs": base}]},
        {"base": "as it is", "more": "better", "none": "no other"}, "made up",
    )  # fmt: skip
    lines = {line.split("|")[1].strip(): line for line in table.splitlines() if line.startswith("| ")}
    assert "**+0.0" in lines["better"]
    assert "± 0.000" in lines["better"]
    assert "+0.000 [+0.000, +0.000]" in lines["no other"]
    assert "**" not in lines["no other"]


def test_the_variants_that_come_along_fit_recipes() -> None:
    from rtskin.train import recipe as recipes
    from rtskin.train.overrides import overridden

    path = Path(__file__).resolve().parents[2] / "models/mobile-unet/recipe.toml"
    variants = read_variants(ablation.VARIANTS)
    changed = [parse(overridden(recipes.read(path), one.settings)) for one in variants]
    assert len({one.model_dump_json() for one in changed} - {load(path).model_dump_json()}) >= len(variants) - 3


def test_unknown_variants_name_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"no variant 'focl'; did you mean focal"):
        read_variants(ablation.VARIANTS, ["focl"])
    (tmp_path / "bad.toml").write_text("[one]\ntitle = 'one'")
    with pytest.raises(InputError, match="no list of variants"):
        read_variants(tmp_path / "bad.toml")
