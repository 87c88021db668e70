"""Tiny networks, made when they are needed."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.frame import U8, BgrPicture, Frame, SourceInfo
from rtskin.infer.cards import Card

#: Channel 0 is (R - B) / 64, channel 1 the negative of it: from -3.98 to 3.98 for pixels as they are.
RED_MINUS_BLUE = ((1 / 64, 0.0, -1 / 64), (-1 / 64, 0.0, 1 / 64))


def write_net(
    path: Path,
    *,
    weights: Sequence[Sequence[float]] = RED_MINUS_BLUE,
    bias: Sequence[float] | None = None,
    size: Any = (16, 16),
    op: str | None = None,
    stride: int = 1,
    outputs: int = 1,
    dtype: str = "FLOAT",
    out_shape: Sequence[Any] | None = None,
    flat: bool = False,
    channels: Any = None,
) -> Path:
    """A 1×1 convolution, and after it perhaps one more operation. size: h, w. A second output is its negative."""
    onnx = pytest.importorskip("onnx")
    helper, kind = onnx.helper, onnx.TensorProto
    kernel = np.asarray(weights, np.float32).reshape(len(weights), -1, 1, 1)
    offset = np.asarray(bias if bias is not None else [0.0] * len(weights), np.float32)
    shape = list(out_shape) if out_shape else [1, len(weights), *size]
    nodes, data = [], "x"
    if dtype != "FLOAT":
        nodes.append(helper.make_node("Cast", ["x"], ["f"], to=kind.FLOAT))
        data = "f"
    nodes.append(helper.make_node("Conv", [data, "w", "b"], ["c"], strides=[stride, stride]))
    nodes.append(helper.make_node(op or "Identity", ["c"], ["skin"]))
    values = [helper.make_tensor_value_info("skin", kind.FLOAT, shape)]
    if outputs == 2:
        nodes.append(helper.make_node("Neg", ["skin"], ["other"]))
        values.append(helper.make_tensor_value_info("other", kind.FLOAT, shape))
    if flat:
        nodes.append(helper.make_node("Flatten", ["skin"], ["flat"]))
        values = [helper.make_tensor_value_info("flat", kind.FLOAT, [1, None])]
    entry = helper.make_tensor_value_info("x", getattr(kind, dtype), [1, channels or kernel.shape[1], *size])
    constants = [onnx.numpy_helper.from_array(kernel, "w"), onnx.numpy_helper.from_array(offset, "b")]
    graph = helper.make_graph(nodes, "tiny", [entry], values, constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(model.SerializeToString())
    return path


MakeCard = Callable[..., Card]


@pytest.fixture
def make_card(tmp_path: Path) -> MakeCard:
    """make_card(net={…}, input={…}, output={…}, …) → a card on disk with its network beside it."""

    def make(name: str = "tiny", *, net: dict[str, Any] | None = None, root: Path | None = None, **parts: Any) -> Card:
        folder = (root or tmp_path) / name
        weights = write_net(folder / "net.onnx", **(net or {}))
        table: dict[str, Any] = {"name": name, "architecture": "tiny", "input": {"width": 16, "height": 16}}
        table["weights"] = {"file": "net.onnx", "sha256": hashlib.sha256(weights.read_bytes()).hexdigest()}
        table["output"] = {"activation": "sigmoid"}
        Card.parse(table | parts).save(folder / "model.toml")
        return Card.load(folder / "model.toml")

    return make


@pytest.fixture
def models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder of models that is searched before the bundled one; the user's own is kept out."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("RTSKIN_MODELS", str(folder))
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "no-data"))
    return folder


def frame_of(image: U8) -> Frame:
    return Frame(0, BgrPicture(image), SourceInfo("test", image.shape[1], image.shape[0]))


def halves(width: int = 64, height: int = 48) -> U8:
    """The left half pure red, the right half pure blue."""
    image = np.zeros((height, width, 3), np.uint8)
    image[:, : width // 2, 2] = 255
    image[:, width // 2 :, 0] = 255
    return image
