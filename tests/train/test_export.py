from __future__ import annotations

import hashlib
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")
ort = pytest.importorskip("onnxruntime")

from rtskin.errors import InputError, ModelError  # noqa: E402
from rtskin.infer.cards import Card  # noqa: E402
from rtskin.nets import onnx_file  # noqa: E402
from rtskin.segmenter import Segmenter  # noqa: E402
from rtskin.train import export as exporting  # noqa: E402
from rtskin.train.data.sets import scan  # noqa: E402
from rtskin.train.loop.trainer import Trainer  # noqa: E402
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
    assert sorted(path.name for path in (tmp_path / "model").iterdir()) == ["model.toml", "recipe.toml", "tiny.onnx"]

    card = Card.load(done.card)
    assert card.weights is not None
    assert card.weights.sha256 == hashlib.sha256(done.weights.read_bytes()).hexdigest()
    assert card.weights_path == done.weights
    assert (card.input.width, card.input.scale, card.output.activation) == (64, 1.0, "none")
    assert card.parameters
    assert "NOT TO BE GIVEN" not in card.data_terms


@pytest.mark.slow
def test_several_shapes_leave_the_sizes_open(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    table |= {"shapes": [[64, 64], [96, 32]], "still": [[96, 128]]}
    run = Trainer(parse(table), scan(parse(table), [data]), tmp_path / "run")
    run.save()
    done = exporting.export(tmp_path / "run/last.pt", tmp_path / "model")
    assert done.difference < 1e-4

    card = Card.load(done.card)
    assert card.tensor.live == ((64, 64), (96, 32))
    assert card.tensor.stills == ((96, 128),)
    assert (card.tensor.width, card.tensor.height) == (64, 64)
    assert "for 64×64 … 96×32 pictures" in card.description

    session = ort.InferenceSession(str(done.weights), providers=["CPUExecutionProvider"])
    assert session.get_inputs()[0].shape == [1, 3, "height", "width"]
    assert session.get_outputs()[0].shape == [1, 1, "height", "width"]
    net = exporting._shipped(run.recipe, run.ema.net.state_dict())
    for width, height in (*card.tensor.all_shapes, (160, 32)):  # the last is on no list
        pixels = np.random.default_rng(1).uniform(0, 255, (1, 3, height, width)).astype(np.float32)
        (skin,) = session.run(None, {"image": pixels})
        with torch.no_grad():
            assert np.abs(skin - net(torch.from_numpy(pixels)).numpy()).max() < 1e-4
    with Segmenter(card) as segmenter:
        assert segmenter(np.zeros((40, 120, 3), np.uint8)).shape == (40, 120)


@pytest.mark.slow
def test_a_graph_that_only_fits_the_size_it_was_traced_at_is_refused(tmp_path: Path) -> None:
    class Traced(torch.nn.Module):
        def forward(self, image: Any) -> Any:
            half = torch.nn.functional.avg_pool2d(image.mean(1, keepdim=True), 2)
            # The exporter writes this size into the graph as two numbers.
            size = (int(image.shape[2]), int(image.shape[3]))
            return torch.nn.functional.interpolate(half, size=size, mode="bilinear") / 255

    path, shapes = tmp_path / "traced.onnx", [(64, 64), (96, 32)]
    onnx_file.write(Traced().eval(), path, shapes)
    assert onnx_file.compare(Traced().eval(), path, shapes[:1]) < 1e-4
    with pytest.raises(ModelError, match=r"traced\.onnx (differs from torch by inf|cannot run) at 96×32"):
        onnx_file.compare(Traced().eval(), path, shapes)


@pytest.mark.parametrize(
    ("keys", "entry"),
    [
        ({"size": 96}, {"width": 96, "height": 96}),
        ({"shapes": [[96, 64]]}, {"width": 96, "height": 64}),
        ({"shapes": [[96, 64], [64, 96], [96, 64]]}, {"width": 96, "height": 64, "shapes": ((96, 64), (64, 96))}),
        ({"still": [[128, 96]]}, {"width": 64, "height": 64, "still": ((128, 96),)}),
    ],
)
def test_the_card_has_the_recipes_shapes(table: dict[str, Any], keys: dict[str, Any], entry: dict[str, Any]) -> None:
    text = exporting.card(parse(table | keys), "tiny.onnx", "0" * 64, 5, 10)
    found = Card.parse(tomllib.loads(text)).tensor.model_dump(exclude_unset=True)
    assert found == {**entry, "fit": "stretch", "colour": "rgb"}


def test_the_card_says_what_may_not_ship(table: dict[str, Any]) -> None:
    table["data"][1]["ship"] = False
    text = exporting.card(parse(table), "tiny.onnx", "0" * 64, 5, 10)
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

    monkeypatch.setattr(onnx_file, "write", another_network)
    with pytest.raises(ModelError, match="differs from torch"):
        exporting.export(saved, tmp_path / "model")
    assert list((tmp_path / "model").iterdir()) == []


def test_no_checkpoint(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no checkpoint at"):
        exporting.export(tmp_path / "none.pt", tmp_path / "model")


@pytest.mark.slow
def test_a_recipe_for_bf16_ships_weights_that_bf16_holds(table: dict[str, Any], data: Path, tmp_path: Path) -> None:
    filters = {}
    for bf16 in (False, True):
        recipe = parse({**table, "round_to_bf16": bf16})
        run = Trainer(recipe, scan(recipe, [data]), tmp_path / f"run-{bf16}")
        run.save()
        done = exporting.export(tmp_path / f"run-{bf16}/last.pt", tmp_path / f"model-{bf16}")
        assert Card.load(done.card).weights.sha256 == hashlib.sha256(done.weights.read_bytes()).hexdigest()  # type: ignore[union-attr]
        filters[bf16] = _filters(done.weights)
    assert any((one != one.bfloat16().float()).any() for one in filters[False])
    for exact, rounded in zip(filters[False], filters[True], strict=True):
        assert torch.equal(rounded, exact.bfloat16().float())


def _filters(path: Path) -> list[Any]:
    import onnx

    graph = onnx.load(str(path)).graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes = [node for node in graph.node if node.op_type == "Conv"]
    return [torch.from_numpy(onnx.numpy_helper.to_array(weights[node.input[1]]).copy()) for node in nodes]
