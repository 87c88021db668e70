"""Networks in 8 bits: calibrated on frames of the training, written twice."""

from __future__ import annotations

import importlib.util
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

import onnx

from rtskin.errors import InputError, ModelError, OutputExistsError
from rtskin.frame import U8
from rtskin.infer.base import load_segmenter
from rtskin.infer.cards import Card, load_card
from rtskin.infer.runtimes.trt_build import engine
from rtskin.media import cv2
from rtskin.train.data import sets
from rtskin.train.quantise.__main__ import main
from rtskin.train.quantise.calibrate import _feeds, ranges
from rtskin.train.quantise.export import Quantised, export
from rtskin.train.quantise.frames import training_frames
from rtskin.train.recipe import parse
from tests.infer.conftest import frame_of
from tests.train.conftest import picture

TERMS: dict[str, Any] = {"kind": "pairs", "weight": 1.0, "ship": True, "terms": "made here"}
RECIPE = {"name": "small", "data": [{"name": name, "path": name, **TERMS} for name in ("pairs", "gone")]}


@pytest.fixture(scope="module")
def portrait() -> U8:
    data = pytest.importorskip("skimage.data", reason="the portrait comes with scikit-image")
    return cv2.resize(np.ascontiguousarray(data.astronaut()[:, :, ::-1]), (320, 320))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory, portrait: U8) -> Quantised:
    """mobile-unet, calibrated on a few variants of one picture."""
    card = load_card("mobile-unet")
    pictures = [portrait, portrait[:, ::-1], portrait // 2, portrait[:160, 60:380]]
    return export(card, ranges(card, pictures), tmp_path_factory.mktemp("int8") / "out")


def kinds(path: Path) -> tuple[set[str], dict[str, int]]:
    """The types of the zero points of activations and weights, and how often each operator occurs."""
    model = onnx.load(str(path))
    types = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    found, count = set(), dict[str, int]()
    for node in model.graph.node:
        count[node.op_type] = count.get(node.op_type, 0) + 1
        if node.op_type in ("QuantizeLinear", "DequantizeLinear") and len(node.input) > 2:
            found.add(onnx.TensorProto.DataType.Name(types[node.input[2]]))
    return found, count


def test_two_files_of_one_calibration(made: Quantised) -> None:
    cpu, count = kinds(made.cpu)
    assert {"UINT8", "INT8"} <= cpu
    signed, other = kinds(made.tensorrt)
    assert signed == {"INT8"}, "no unsigned activations, no biases in 32 bits"
    assert count["Conv"] == other["Conv"] == 55
    assert count["QuantizeLinear"] > 50
    points = [
        onnx.numpy_helper.to_array(tensor)
        for tensor in onnx.load(str(made.tensorrt)).graph.initializer
        if tensor.name.endswith("zero_point")
    ]
    assert not any(point.any() for point in points), "symmetric"


def test_the_card_names_its_recipe_where_that_lies(made: Quantised, tmp_path: Path, portrait: U8) -> None:
    card = load_card("mobile-unet")
    assert card.path is not None
    named = export(card, ranges(card, [portrait]), tmp_path / "out", name="small-unet")
    for path, name in ((made.card, "mobile-unet-int8"), (named.card, "small-unet")):
        small = Card.load(path)
        assert (small.name, small.title) == (name, name)
        assert (path.parent / small.recipe).resolve() == (card.path.parent / card.recipe).resolve()


def test_nothing_is_written_or_replaced_where_something_is_wrong(made: Quantised, tmp_path: Path, portrait: U8) -> None:
    card = load_card("mobile-unet")
    found = ranges(card, [portrait])
    with pytest.raises(ModelError, match="name"):
        export(card, found, tmp_path / "out", name="a/b")
    with pytest.raises(InputError, match="'mobile-unet-int8' is in 8 bits already; quantise the network"):
        export(Card.load(made.card), found, tmp_path / "out")
    assert not (tmp_path / "out").exists()
    (tmp_path / "own").mkdir()
    (tmp_path / "own" / "model.toml").write_text("mine")
    with pytest.raises(OutputExistsError):
        export(card, found, tmp_path / "own")
    assert [(path.name, path.read_text()) for path in (tmp_path / "own").iterdir()] == [("model.toml", "mine")]


def test_the_answer_is_still_nearly_that_of_the_network(made: Quantised, portrait: U8) -> None:
    whole, small = (load_segmenter(name, runtime="onnxruntime", threads=1) for name in ("mobile-unet", made.card))
    assert (small.card.name, small.info.precision) == ("mobile-unet-int8", "int8")
    assert small.card.accuracy == {}, "figures are those of the other network"
    one, other = (which.infer(which.prepare(frame_of(portrait))).data for which in (whole, small))
    assert 0 < np.abs(one - other).mean() < 0.02
    assert ((one > 0.5) == (other > 0.5)).mean() > 0.98


@pytest.mark.skipif(
    not any(map(importlib.util.find_spec, ("tensorrt", "tensorrt_rtx"))), reason="TensorRT is not installed"
)
def test_tensorrt_builds_its_file(made: Quantised, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RTSKIN_CACHE", str(tmp_path))
    built = engine(Card.load(made.card), (416, 224), "int8")
    assert built.seconds is not None
    assert len(built.data) > 100_000
    beside = tmp_path / "beside"
    shutil.copytree(load_card("mobile-unet").path.parent, beside)  # type: ignore[union-attr]
    shutil.copy(made.tensorrt, beside)
    assert len(engine(Card.load(beside / "model.toml"), (416, 224), "int8").data) > 100_000


def test_every_picture_counts(portrait: U8) -> None:
    """The bright one comes first: what is added to it may widen no range but its own."""
    card, black = load_card("mobile-unet"), np.zeros((64, 64, 3), np.uint8)
    widest = [
        float(ranges(card, pictures)["mul"].range_value[1].item()) for pictures in ([portrait, *[black] * 16], [black])
    ]
    assert widest[0] > 2 > widest[1]


def test_a_prior_is_calibrated_as_in_a_video(portrait: U8) -> None:
    first, second = _feeds(load_card("mobile-unet-prior"), [portrait, portrait])
    assert list(first) == ["image", "prior"]
    assert not first["prior"].any()
    assert second["prior"].max() > 0.5, "its own answer to the picture"
    assert np.array_equal(first["image"], second["image"])


def test_frames_are_of_the_training_side(data: Path) -> None:
    recipe = parse(RECIPE)
    chosen = training_frames(recipe, [data], 6)
    (sides,) = sets.scan(recipe.model_copy(update={"data": recipe.data[:1]}), [data])
    assert set(chosen) <= {item.image for item in sides.train}
    assert not set(chosen) & {item.image for item in sides.held}
    assert len(set(chosen)) == len(chosen) > 0
    assert training_frames(recipe, [data], 6) == chosen
    with pytest.raises(InputError, match="none of the recipe's sets is in"):
        training_frames(recipe, [data / "pairs"], 6)


def test_from_the_command_line(data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = tmp_path / "small"
    shutil.copytree(load_card("mobile-unet").path.parent, folder)  # type: ignore[union-attr]
    (folder / "recipe.toml").write_text(
        'name = "small"\n[[data]]\nname = "pairs"\npath = "pairs"\nkind = "pairs"\nweight = 1.0\nship = true\n'
        'terms = "made here"\n',
        "utf-8",
    )
    arguments = [str(folder), "--data", str(data), "--out", str(tmp_path / "out"), "--frames", "3"]
    assert main(arguments) == 0
    assert "calibrated mobile-unet on 3 frames" in capsys.readouterr().out
    assert {path.name for path in (tmp_path / "out").iterdir()} == {
        "mobile-unet.int8.onnx", "mobile-unet.int8-trt.onnx", "model.toml",
    }  # fmt: skip
    assert main(arguments) == 2
    assert "exists already" in capsys.readouterr().err
    assert main([*arguments, "--overwrite"]) == 0


def test_bad_calls(tmp_path: Path, made: Quantised) -> None:
    card = load_card("mobile-unet")
    with pytest.raises(InputError, match="needs pictures"):
        ranges(card, [])
    with pytest.raises(OutputExistsError):
        export(card, ranges(card, [picture(0)[0]]), made.cpu.parent)
