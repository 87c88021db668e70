"""rtskin models build, with tensorrt-rtx, which needs no GPU for it."""

from __future__ import annotations

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.cli.conftest import Outcome
from tests.infer.conftest import MakeCard, make_card  # noqa: F401

Rtskin = Callable[..., Outcome]

needs_tensorrt = pytest.mark.skipif(
    not any(map(importlib.util.find_spec, ("tensorrt", "tensorrt_rtx"))), reason="TensorRT is not installed"
)


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path / "cache"))


@needs_tensorrt
def test_an_engine_for_each_shape_and_none_twice(rtskin: Rtskin, make_card: MakeCard) -> None:  # noqa: F811
    shapes = [[32, 32], [64, 32]]
    card = make_card(net={"size": ("h", "w")}, input={"width": 32, "height": 32, "shapes": shapes})
    outcome = rtskin("models", "build", card.path)
    assert outcome.status == 0, outcome.err
    first, second = outcome.out.splitlines()
    assert first.startswith("tiny 32×32 fp32: built in ")
    assert second.startswith("tiny 64×32 fp32: built in ")
    again = rtskin("models", "build", card.path, "--size", "64x32", "--size", "64x32")
    (line,) = again.out.splitlines()
    assert line.startswith("tiny 64×32 fp32: is there already")
    assert Path(line.rpartition(", ")[2]).is_file()


@needs_tensorrt
def test_what_fails_while_building(rtskin: Rtskin, make_card: MakeCard) -> None:  # noqa: F811
    outcome = rtskin("models", "build", make_card(net={"op": "Sharpen"}).path)
    assert outcome.status == 1
    assert "does not know the operator Sharpen" in outcome.err
    none = rtskin("models", "build", "mobile-unet", "--precision", "int8")
    assert none.status == 1
    assert "no 8-bit network for TensorRT" in none.err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("ellipse",), "there is nothing to build"),
        (("mobile-unet", "--runtime", "openvino"), "only tensorrt builds engines"),
        (("mobile-unet", "--size", "100x100"), "multiples of 32"),
        (("no-such-model",), "no model is called"),
    ],
)
def test_what_is_asked_wrongly(rtskin: Rtskin, arguments: tuple[str, ...], message: str) -> None:
    outcome = rtskin("models", "build", *arguments)
    assert outcome.status == 2
    assert message in outcome.err


def test_without_tensorrt(rtskin: Rtskin, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("tensorrt", "tensorrt_rtx"):
        monkeypatch.setitem(sys.modules, name, None)
    outcome = rtskin("models", "build", "mobile-unet")
    assert outcome.status == 1
    assert "pip install 'rtskin[tensorrt]'" in outcome.err
