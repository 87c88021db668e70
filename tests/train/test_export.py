from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ort = pytest.importorskip("onnxruntime")

from rtskin.errors import InputError, ModelError  # noqa: E402
from rtskin.infer.cards import Card  # noqa: E402
from rtskin.train import export as exporting  # noqa: E402
from rtskin.train.data import scan  # noqa: E402
from rtskin.train.loop import Trainer  # noqa: E402
from rtskin.train.recipe import Recipe, parse  # noqa: E402


@pytest.fixture
def saved(recipe: Recipe, data: Path, tmp_path: Path) -> Path:
    run = Trainer(recipe, scan(recipe, [data]), tmp_path / "run")
    run.save()
    return tmp_path / "run/last.pt"


@pytest.mark.slow
def test_pixels_in_probability_out(saved: Path, tmp_path: Path) -> None:
    done = exporting.export(saved, tmp_path / "model")
    assert done.difference < 1e-4
    session = ort.InferenceSession(str(done.weights), providers=["CPUExecutionProvider"])
    pixels = np.random.default_rng(1).uniform(0, 255, (1, 3, 64, 64)).astype(np.float32)
    (skin,) = session.run(None, {"image": pixels})
    assert skin.shape == (1, 1, 64, 64)
    assert 0 <= skin.min() < skin.max() <= 1
    assert str(Path(torch.__file__).parent).encode() not in done.weights.read_bytes(), "paths of this machine"
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["model.toml", "tiny.onnx"]

    card = Card.load(done.card)
    assert card.weights is not None
    assert card.weights.sha256 == hashlib.sha256(done.weights.read_bytes()).hexdigest()
    assert card.weights_path == done.weights
    assert (card.input.width, card.input.scale, card.output.activation) == (64, 1.0, "none")
    assert card.parameters
    assert "NOT TO BE GIVEN" not in card.data_terms


def test_the_card_says_what_may_not_ship(table: dict[str, Any]) -> None:
    table["data"][1]["ship"] = False
    text = exporting.card(parse(table), "tiny.onnx", "0" * 64, 5, 10, beside=True)
    assert "NOT TO BE GIVEN TO OTHERS, trained on tree" in text


def test_a_graph_that_differs_is_not_kept(saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def another_network(net: Any, path: Path, shapes: list[tuple[int, int]]) -> None:
        import onnx
        from onnx import TensorProto, helper

        ((width, height),) = shapes
        shape = [1, 3, height, width]
        node = helper.make_node("ReduceMean", ["image"], ["skin"], axes=[1], keepdims=1)
        image = helper.make_tensor_value_info("image", TensorProto.FLOAT, shape)
        skin = helper.make_tensor_value_info("skin", TensorProto.FLOAT, [1, 1, height, width])
        graph = helper.make_graph([node], "mean", [image], [skin])
        onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8), str(path))

    monkeypatch.setattr(exporting, "_write_onnx", another_network)
    with pytest.raises(ModelError, match="differs from torch"):
        exporting.export(saved, tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint at"):
        exporting.export(tmp_path / "none.pt", tmp_path / "model")
