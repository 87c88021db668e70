"""Networks that look at the mask of a moment ago too: their second input."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, ModelError
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.network import NetworkSegmenter
from rtskin.segmenter import Segmenter

from .conftest import MakeCard, frame_of, halves

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")


def write(path: Path, *, names: tuple[str, str] = ("image", "prior"), kind: str = "FLOAT", channels: int = 1) -> Path:
    """skin = red / 510 + prior / 2. 16×16, sizes left open."""
    helper, types = onnx.helper, onnx.TensorProto
    picture = helper.make_tensor_value_info(names[0], types.FLOAT, [1, 3, "h", "w"])
    prior = helper.make_tensor_value_info(names[1], getattr(types, kind), [1, channels, "h", "w"])
    weights = onnx.numpy_helper.from_array(np.array([1 / 510, 0, 0], np.float32).reshape(1, 3, 1, 1), "w")
    half = onnx.numpy_helper.from_array(np.float32(0.5), "half")
    nodes = [
        helper.make_node("Conv", [names[0], "w"], ["red"]),
        helper.make_node("Cast", [names[1]], ["before"], to=types.FLOAT),
        helper.make_node("Mul", ["before", "half"], ["part"]),
        helper.make_node("Add", ["red", "part"], ["skin"]),
    ]
    answer = helper.make_tensor_value_info("skin", types.FLOAT, [1, "c", "h", "w"])
    graph = helper.make_graph(nodes, "tiny", [picture, prior], [answer], [weights, half])
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
    return path


def card(folder: Path, *, prior: bool = True, **net: Any) -> Card:
    weights = write(folder / "net.onnx", **net)
    table = {
        "name": "again", "architecture": "net", "input": {"width": 16, "height": 16, "prior": prior},
        "weights": {"file": "net.onnx", "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()},
    }  # fmt: skip
    Card.parse(table).save(folder / "model.toml")
    return Card.load(folder / "model.toml")


def load(model: Card, **options: Any) -> NetworkSegmenter:
    segmenter = load_segmenter(model, **options)
    assert isinstance(segmenter, NetworkSegmenter)
    segmenter.warm_up()
    return segmenter


def test_without_one_it_is_empty(tmp_path: Path) -> None:
    segmenter = load(card(tmp_path))
    assert segmenter.takes_prior
    prepared = segmenter.prepare(frame_of(halves()))
    first = segmenter.infer(prepared).data.copy()
    assert np.allclose(first[:, :7], 0.5, atol=1e-5)
    assert np.allclose(first[:, 9:], 0, atol=1e-5)
    assert np.array_equal(segmenter.infer(prepared, np.zeros((16, 16), np.float32)).data, first)
    with Segmenter(segmenter.card) as whole:
        assert whole(halves())[:, 40:].max() < 10


def test_it_has_its_say_and_is_not_remembered(tmp_path: Path) -> None:
    segmenter = load(card(tmp_path))
    prepared = segmenter.prepare(frame_of(halves()))
    prior = np.zeros((16, 16), np.float32)
    prior[:8] = 1
    data = segmenter.infer(prepared, prior).data
    assert np.allclose(data[:8, :7], 1, atol=1e-5)
    assert np.allclose(data[:8, 9:], 0.5, atol=1e-5)
    assert np.allclose(data[8:, 9:], 0, atol=1e-5)
    assert np.allclose(segmenter.infer(prepared).data[:, 9:], 0, atol=1e-5)


def test_the_last_answer_fits_as_it_is(tmp_path: Path) -> None:
    segmenter = load(card(tmp_path))
    prepared = segmenter.prepare(frame_of(halves()))
    scores = segmenter.infer(prepared)
    for _ in range(4):
        scores = segmenter.infer(prepared, scores.data)
    # 0.5, 0.75, 0.875 …
    assert np.allclose(scores.data[:, :7], 1 - 0.5**5, atol=1e-4)


def test_of_any_size_and_only_where_the_picture_is(tmp_path: Path) -> None:
    plain = card(tmp_path)
    letterbox = plain.model_copy(update={"input": plain.tensor.model_copy(update={"fit": "letterbox"})})
    segmenter = load(letterbox)
    prepared = segmenter.prepare(frame_of(np.zeros((32, 64, 3), np.uint8)))
    prior = np.zeros((60, 120), np.float32)
    prior[:, 60:] = 1
    data = segmenter.infer(prepared, prior).data
    assert data.shape == (8, 16)
    assert np.allclose(data[:, :7], 0, atol=1e-5)
    assert np.allclose(data[:, 9:], 0.5, atol=1e-5)


def test_what_is_no_prior_is_refused(tmp_path: Path, make_card: MakeCard) -> None:
    segmenter = load(card(tmp_path))
    prepared = segmenter.prepare(frame_of(halves()))
    for wrong in (np.zeros((16, 16), np.uint8), np.zeros((1, 16, 16), np.float32), np.zeros((0, 3), np.float32)):
        with pytest.raises(InputError, match="a prior is float32 h×w, not"):
            segmenter.infer(prepared, wrong)
    other = load(make_card())
    assert not other.takes_prior
    with pytest.raises(InputError, match="'tiny' takes no prior"):
        other.infer(other.prepare(frame_of(halves())), np.zeros((16, 16), np.float32))


def test_card_and_network_must_agree(tmp_path: Path, make_card: MakeCard) -> None:
    with pytest.raises(ModelError, match=r"takes 2 inputs \(image, prior\), the card knows one"):
        load(card(tmp_path / "one", prior=False))
    with pytest.raises(ModelError, match=r"takes 1 inputs \(x\), the card knows two: the picture and the prior"):
        load(make_card(input={"width": 16, "height": 16, "prior": True}))
    with pytest.raises(ModelError, match="input 'prior' is 1×3×h×w, a prior is 1×1×16×16"):
        load(card(tmp_path / "two", channels=3))
    with pytest.raises(ModelError, match=r"input 'prior' is int64, a prior is float32"):
        load(card(tmp_path / "three", kind="INT64"))


def test_the_order_in_the_file_does_not_matter(tmp_path: Path) -> None:
    path = write(tmp_path / "net.onnx")
    model = onnx.load(str(path))
    values = list(model.graph.input)
    del model.graph.input[:]
    model.graph.input.extend(reversed(values))
    path.write_bytes(model.SerializeToString())
    table = {"name": "again", "architecture": "net", "input": {"width": 16, "height": 16, "prior": True},
             "weights": {"file": "net.onnx"}}  # fmt: skip
    Card.parse(table).save(tmp_path / "model.toml")
    segmenter = load(Card.load(tmp_path / "model.toml"))
    data = segmenter.infer(segmenter.prepare(frame_of(halves())), np.ones((16, 16), np.float32)).data
    assert np.allclose(data[:, 9:], 0.5, atol=1e-5)
