"""Figures get onto cards by program, set by set."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import ModelError, SinkError
from rtskin.evaluate.card_figures import check_cards, write_accuracy
from rtskin.evaluate.datasets import Dataset, Item
from rtskin.evaluate.metrics import count
from rtskin.evaluate.run import Report, Results
from rtskin.infer.cards import Card

TEXT = 'name = "m"\narchitecture = "ellipse"\n'


def report(name: str, hits: int = 3) -> Report:
    """One set of two pictures, of whose skin ``hits`` quarters were found."""
    truth, mask = np.full((1, 4), 255, np.uint8), np.zeros((1, 4), np.uint8)
    mask[0, :hits] = 255
    items = [Item(f"{number}.png", Path(), None) for number in range(2)]
    return Report(["m"], [Results(Dataset(name, Path(name), items), items, {"m": [count(mask, truth)] * 2})], seed=5)


def card(folder: Path, text: str = TEXT) -> Card:
    (folder / "model.toml").write_text(text, "utf-8")
    return Card.load(folder / "model.toml")


def test_a_card_says_what_was_measured_and_how(tmp_path: Path) -> None:
    write_accuracy(report("street"), {"m": card(tmp_path)}, "my-training")
    said = Card.load(tmp_path / "model.toml").accuracy["street"]
    assert (said["images"], said["with_skin"], said["seed"], said["draws"]) == (2, 2, 5, 2000)
    assert said["mean_iou"] == 0.75
    assert said["mean_iou_95"] == [0.75, 0.75]
    assert said["unseen_by"] == "my-training"
    assert "false_skin" not in said  # no picture without skin


def test_sets_that_were_not_measured_again_stay(tmp_path: Path) -> None:
    card(tmp_path)
    for name, hits, unseen_by in (("a", 1, "t"), ("b", 2, "t"), ("b", 4, None)):
        write_accuracy(report(name, hits), {"m": Card.load(tmp_path / "model.toml")}, unseen_by)
    said = Card.load(tmp_path / "model.toml").accuracy
    assert {name: figures["mean_iou"] for name, figures in said.items()} == {"a": 0.25, "b": 1.0}
    assert "unseen_by" not in said["b"]


def test_figures_of_other_weights_are_not_written(tmp_path: Path) -> None:
    weights = '[weights]\nfile = "m.onnx"\nsha256 = "{}"\n'
    measured = card(tmp_path, TEXT + weights.format("a" * 64))
    now = card(tmp_path, TEXT + weights.format("b" * 64))
    with pytest.raises(ModelError, match="got other weights"):
        write_accuracy(report("street"), {"m": measured}, None)
    assert Card.load(tmp_path / "model.toml") == now


def test_what_cannot_be_written_is_refused_before_the_work(tmp_path: Path) -> None:
    check_cards([card(tmp_path)])
    with pytest.raises(ModelError, match="is no file"):
        check_cards([Card(name="m", architecture="ellipse")])
    gone = tmp_path / "gone"
    gone.mkdir()
    lost = card(gone)
    (gone / "model.toml").unlink()
    gone.rmdir()
    with pytest.raises(SinkError, match="there is no folder"):
        check_cards([lost])
