"""Anybody's ONNX file, with a card."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from rtskin.errors import InputError, ModelError  # noqa: E402
from rtskin.infer.weights import digest  # noqa: E402
from rtskin.segmenter import Segmenter  # noqa: E402
from rtskin.store.adding import add_model  # noqa: E402
from rtskin.store.verifying import verify, verify_all  # noqa: E402

CARD = """
name = "two-classes"
architecture = "somebody's"
[input]
width = 64
height = 32
scale = 0.00392156862745098
[output]
channel = 1
activation = "softmax"
classes = ["background", "red"]
"""


@pytest.fixture
def network(tmp_path: Path) -> Path:
    """1×3×32×64 → two classes: nothing, and how red a pixel is."""
    from onnx import TensorProto, helper, numpy_helper

    weight = np.zeros((2, 3, 1, 1), np.float32)
    weight[1, :, 0, 0] = 8, -4, -4
    graph = helper.make_graph(
        [helper.make_node("Conv", ["x", "w"], ["y"])],
        "red",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 3, 32, 64])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, [1, 2, 32, 64])],
        [numpy_helper.from_array(weight, "w")],
    )
    path = tmp_path / "red.onnx"
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=8), str(path))
    return path


@pytest.fixture
def card(tmp_path: Path) -> Path:
    path = tmp_path / "card.toml"
    path.write_text(CARD, "utf-8")
    return path


def external(network: Path, place: str) -> None:
    """The weights of the network in another file."""
    model = onnx.load(str(network))
    onnx.save(
        model,
        str(network),
        save_as_external_data=True,
        all_tensors_to_one_file=True,
        location="w.bin",
        size_threshold=0,
    )
    model = onnx.load(str(network), load_external_data=False)
    for entry in model.graph.initializer[0].external_data:
        if entry.key == "location":
            entry.value = place
    network.write_bytes(model.SerializeToString())


def test_it_becomes_a_model(network: Path, card: Path, home: Path) -> None:
    made = add_model(network, card, name="red")
    assert made.path == home / "red/model.toml"
    assert made.weights is not None
    assert made.weights.sha256 == digest(network)
    picture = np.zeros((32, 64, 3), np.uint8)
    picture[:, 32:, 2] = 255
    with Segmenter("red", mirror=False) as segmenter:
        mask = segmenter(picture)
    assert mask[:, :24].max() < 140
    assert mask[:, 40:].min() > 240
    with Segmenter("red", classes="background", mirror=False) as segmenter:
        assert segmenter(picture)[:, 40:].max() < 15
    assert verify("red") == ""


def test_weights_beside_it_are_taken_into_it(network: Path, card: Path, home: Path) -> None:
    external(network, "w.bin")
    add_model(network, card)
    assert sorted(path.name for path in (home / "two-classes").iterdir()) == ["model.toml", "two-classes.onnx"]
    assert verify("two-classes") == ""


@pytest.mark.parametrize("place", ["../w.bin", "/etc/passwd", "a/../../w.bin", "C:\\w.bin"])
def test_weights_outside_its_folder_are_not_read(network: Path, card: Path, home: Path, place: str) -> None:
    external(network, place)
    with pytest.raises(ModelError, match="keeps weights outside its folder"):
        add_model(network, card)
    assert not home.exists()


def test_weights_that_are_missing(network: Path, card: Path) -> None:
    external(network, "elsewhere.bin")
    with pytest.raises(ModelError, match=r"keeps weights in elsewhere\.bin, which is not beside it"):
        add_model(network, card)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (("width = 64", "width = 96"), "takes|does not match the card|input"),
        (("channel = 1", "channel = 2"), "channel"),
        (('activation = "softmax"', 'activation = "none"'), "is no probability"),
        (("[output]", '[weights]\nfile = "red.onnx"\nsha256 = "' + "0" * 64 + '"\n[output]'), "it is another file"),
        (("[output]", "[outputs]"), "unknown key 'outputs'; did you mean output"),
    ],
)
def test_what_does_not_fit_is_not_kept(
    network: Path, card: Path, home: Path, change: tuple[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    card.write_text(CARD.replace(*change), "utf-8")
    if "none" in change[1]:
        weight = onnx.load(str(network))
        from onnx import numpy_helper

        weight.graph.initializer[0].CopyFrom(numpy_helper.from_array(np.full((2, 3, 1, 1), 3, np.float32), "w"))
        weight.graph.node[0].input.append("b")
        weight.graph.initializer.append(numpy_helper.from_array(np.full(2, 9, np.float32), "b"))
        onnx.save(weight, str(network))
    with pytest.raises(ModelError, match=words):
        add_model(network, card)
    assert not home.exists() or list(home.iterdir()) == []


def test_no_onnx_file(tmp_path: Path, card: Path) -> None:
    with pytest.raises(InputError, match="there is no file"):
        add_model(tmp_path / "none.onnx", card)
    (tmp_path / "text.onnx").write_text("hello, this is no network")
    with pytest.raises(ModelError, match="is no ONNX file"):
        add_model(tmp_path / "text.onnx", card)


def test_changed_weights_are_found(network: Path, card: Path, home: Path) -> None:
    add_model(network, card)
    path = home / "two-classes/two-classes.onnx"
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    assert "is not the file that its card was written for" in verify("two-classes")
    path.unlink()
    assert "are missing" in verify("two-classes")


def test_all_that_ships_is_whole(monkeypatch: Any) -> None:
    monkeypatch.delenv("RTSKIN_MODELS")
    assert verify_all(["mobile-unet", "ellipse"]) == {"mobile-unet": "", "ellipse": ""}
    assert "no model is called" in verify("mobil-unet")
