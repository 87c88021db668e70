"""Costs of models, side by side."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from rtskin.errors import MissingExtraError
from rtskin.evaluate.card_figures import write_accuracy
from rtskin.evaluate.cost import Cost, measure
from rtskin.evaluate.datasets import load_pairs
from rtskin.evaluate.report import to_dict, to_markdown
from rtskin.evaluate.run import evaluate
from rtskin.infer.card_table import to_markdown as page
from rtskin.infer.cards import Card, load_card
from tests.evaluate.conftest import Write, sees, square
from tests.infer.conftest import MakeCard, make_card  # noqa: F401


def test_networks_are_counted_and_timed_and_methods_have_no_network(make_card: MakeCard) -> None:  # noqa: F811
    costs = measure({"tiny": make_card(), "ellipse": load_card("ellipse")}, rounds=2)
    tiny = costs["tiny"]
    assert (tiny.parameters, tiny.macs, tiny.shape) == (8, 16 * 16 * 6, (16, 16))
    assert set(tiny.ms) >= {"onnxruntime"}
    assert all(0 < ms < 1000 for ms in tiny.ms.values())
    assert "fake" not in tiny.ms
    assert costs["ellipse"] == Cost()


def test_a_runtime_that_is_not_installed_is_left_out(
    make_card: MakeCard,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    from rtskin.infer.runtimes import ort

    def missing() -> None:
        raise MissingExtraError("onnxruntime", "cpu", "this")

    monkeypatch.setattr(ort, "require_onnxruntime", missing)
    assert "onnxruntime" not in measure({"tiny": make_card()}, rounds=1)["tiny"].ms


def test_they_are_in_the_report_and_on_the_card(
    make_card: MakeCard,  # noqa: F811
    tmp_path: Path,
    write_set: Write,
) -> None:
    card = make_card(root=tmp_path / "models")
    report = evaluate([load_pairs(write_set(tmp_path / "set", {"a": square(5)}))], {"tiny": sees}, draws=20)
    report = replace(report, costs=measure({"tiny": card}, rounds=1))
    assert "| tiny | 8 | 16×16 | 0.0 | " in to_markdown(report)
    assert "GFLOPS" in to_markdown(report)
    assert to_dict(report)["cost"]["tiny"]["macs"] == 1536
    assert "MACs" not in page([card])
    write_accuracy(report, {"tiny": card}, None)
    assert card.path is not None
    written = Card.load(card.path)
    assert written.macs == 1536
    assert written.accuracy["set"]["mean_boundary_iou_95"] == [1, 1]
    text = page([written])
    assert "| parameters | MACs, millions |" in text
    assert "boundary IoU" in text


def test_costs_are_of_the_size_that_is_asked_for_and_the_card_has_those_of_video(
    make_card: MakeCard,  # noqa: F811
    tmp_path: Path,
    write_set: Write,
) -> None:
    sizes = {"width": 32, "height": 32, "still": [[64, 32], [32, 64]]}
    card = make_card(root=tmp_path / "models", net={"size": ("h", "w")}, input=sizes)
    costs = {size: measure({"tiny": card}, size, rounds=1)["tiny"] for size in ("still", "live", (64, 32))}
    said = [(cost.shape, cost.size, cost.macs) for cost in costs.values()]
    assert said == [((64, 32), "still", 12288), ((32, 32), "live", 6144), ((64, 32), "64×32", 12288)]
    assert measure({"tiny": card}, rounds=1)["tiny"].size == "still", "what is measured where nothing is said"
    report = evaluate([load_pairs(write_set(tmp_path / "set", {"a": square(5)}))], {"tiny": sees}, draws=20)
    report = replace(report, costs={"tiny": costs["still"]})
    assert to_dict(report)["cost"]["tiny"]["size"] == "still"
    assert "Costs are those of size still" in to_markdown(report)
    write_accuracy(report, {"tiny": card}, None)
    assert card.path is not None
    assert Card.load(card.path).macs == 6144
