"""What "auto" is, without measuring anything here: the measuring has its own tests."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import pytest

from rtskin.errors import InputError, ModelError
from rtskin.infer import auto
from rtskin.infer.auto import choose_way
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.measure import tune as tuning
from rtskin.infer.measure.ways import Measured, Way

from .conftest import MakeCard

pytest.importorskip("onnxruntime")


@pytest.fixture
def measures(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> list[Any]:
    """Two runtimes are installed, the second one twice as fast; what was measured is listed."""
    monkeypatch.delenv("RTSKIN_RUNTIME", raising=False)
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))
    ran: list[Any] = []
    ways = [Way("onnxruntime", "cpu", 1), Way("openvino", "cpu", 1)]
    monkeypatch.setattr(tuning, "candidates", lambda card, device, threads=None, brief=False: ways)

    def race(model: str, shape: Any, asked: Any, limits: Any, progress: Any) -> list[Measured]:
        ran.append(limits)
        return [
            Measured(model, shape, one, {"device": "cpu"}, ms=[ms], difference=0.0)
            for one, ms in zip(asked, (8.0, 4.0), strict=True)
        ]

    monkeypatch.setattr(tuning, "race", race)
    return ran


def test_it_measures_once_says_so_and_remembers(
    make_card: MakeCard, measures: list[Any], caplog: pytest.LogCaptureFixture
) -> None:
    card = make_card()
    with caplog.at_level(logging.INFO, "rtskin.infer"):
        assert choose_way(card, "auto", None, {}) == Way("openvino", "cpu", 1)
        assert "auto: measuring onnxruntime and openvino for tiny, once on this machine" in caplog.text
        assert "auto: openvino, 4.00 ms, 2.00 × as fast as onnxruntime" in caplog.text
        caplog.clear()
        assert choose_way(card, "auto", 3, {}) == Way("openvino", "cpu", 3), "threads that were asked for stay"
    assert caplog.text == ""
    assert measures == [auto.BRIEF]
    assert auto.BRIEF.seconds + 2 * auto.BRIEF.load < 10


def test_a_tune_is_used(make_card: MakeCard, measures: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openvino")
    card = make_card()
    tuning.tune(card)
    assert measures
    measures.clear()
    segmenter = load_segmenter(card)
    assert (segmenter.info.runtime, measures) == ("openvino", [])


def test_what_was_asked_for_is_not_chosen_anew(make_card: MakeCard, measures: list[Any]) -> None:
    card = make_card()
    assert load_segmenter(card, runtime="onnxruntime").info.runtime == "onnxruntime"
    assert choose_way(card, "auto", None, {"spinning": True}).runtime == "onnxruntime", "options are of one runtime"
    assert choose_way(card, "cuda", None, {}) == Way("onnxruntime", "cuda", None, {})
    assert choose_way(Card.parse(card.model_dump()), "auto", None, {}).runtime == "onnxruntime"
    assert measures == []
    with pytest.raises(InputError, match="no device is called 'tpu'"):
        choose_way(card, "tpu", None, {})


def test_the_variable(make_card: MakeCard, measures: list[Any], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTSKIN_RUNTIME", "openvino")
    assert choose_way(make_card(), "cpu", 2, {}) == Way("openvino", "cpu", 2, {})
    monkeypatch.setenv("RTSKIN_RUNTIME", "litert")
    assert choose_way(make_card("other"), "cpu", 2, {}).runtime == "onnxruntime", "it cannot read the file"
    assert measures == []


def test_measuring_that_fails_is_said(
    make_card: MakeCard, measures: list[Any], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: Any) -> list[Measured]:
        raise ModelError("no runtime here runs tiny")

    monkeypatch.setattr(tuning, "race", broken)
    assert choose_way(make_card(), "auto", None, {}).runtime == "onnxruntime"
    assert "auto: no runtime here runs tiny; using onnxruntime" in caplog.text


def test_missing_weights_are_for_the_runtime_to_complain_of(make_card: MakeCard, measures: list[Any]) -> None:
    card = make_card()
    assert card.weights_path is not None
    card.weights_path.unlink()
    with pytest.raises(ModelError, match="are missing"):
        load_segmenter(card)
    assert measures == []
