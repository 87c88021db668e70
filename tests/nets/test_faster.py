from __future__ import annotations

from typing import Any

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")
ort = pytest.importorskip("onnxruntime")

from onnx import TensorProto, helper, numpy_helper  # noqa: E402

from rtskin.nets.faster import as_trained, quicken  # noqa: E402


def network(channels: int, mode: str = "CRD", axes: tuple[int, ...] = (-1, -2)) -> Any:
    """A convolution, its mean times itself, a shuffle; height and width are open."""
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(4 * channels, 3, 3, 3)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["made"], pads=[1, 1, 1, 1]),
        helper.make_node("ReduceMean", ["made", "axes"], ["mean"], keepdims=1),
        helper.make_node("Mul", ["made", "mean"], ["weighed"]),
        helper.make_node("Conv", ["weighed", "more"], ["last"]),
        helper.make_node("DepthToSpace", ["last"], ["skin"], blocksize=2, mode=mode),
    ]
    more = rng.normal(size=(4 * channels, 4 * channels, 1, 1)).astype(np.float32)
    constants = [
        numpy_helper.from_array(weights, "weights"),
        numpy_helper.from_array(more, "more"),
        numpy_helper.from_array(np.array(axes, np.int64), "axes"),
    ]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])
    skin = helper.make_tensor_value_info("skin", TensorProto.FLOAT, [1, channels, "tall", "wide"])
    graph = helper.make_graph(nodes, "network", [image], [skin], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def kinds(model: Any) -> set[str]:
    return {node.op_type for node in model.graph.node}


def answer(model: Any, image: Any) -> Any:
    session = ort.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return session.run(None, {"image": image})[0]


@pytest.mark.parametrize("channels", [1, 5])
def test_the_same_answers_at_every_size(channels: int) -> None:
    before, after = network(channels), network(channels)
    quicken(after)
    onnx.checker.check_model(after, full_check=True)
    assert kinds(before) >= {"ReduceMean", "DepthToSpace"}
    assert not kinds(after) & {"ReduceMean", "DepthToSpace"}
    assert "axes" not in {one.name for one in after.graph.initializer}
    for height, width in ((6, 10), (9, 4)):
        image = np.random.default_rng(1).random((1, 3, height, width), np.float32)
        expected = answer(before, image)
        assert expected.shape == (1, channels, 2 * height, 2 * width)
        assert np.abs(answer(after, image) - expected).max() < 1e-4  # of values up to 100


def test_what_is_something_else_stays() -> None:
    model = network(1, mode="DCR", axes=(1, 2))
    before = model.SerializeToString()
    quicken(model)
    assert model.SerializeToString() == before


def into_one(channels: int, outputs: int = 1, side: int = 3, group: int = 1) -> Any:
    rng = np.random.default_rng(0)
    weights = rng.normal(size=(channels, 3, 1, 1)).astype(np.float32)
    last = rng.normal(size=(outputs, channels // group, side, side)).astype(np.float32)
    nodes = [
        helper.make_node("Conv", ["image", "weights"], ["made"], name="first"),
        helper.make_node(
            "Conv", ["made", "last", "bias"], ["skin"], pads=[2 * (side // 2)] * 4, dilations=[2, 2], group=group
        ),
    ]
    bias = numpy_helper.from_array(np.arange(1, outputs + 1, dtype=np.float32), "bias")
    constants = [numpy_helper.from_array(weights, "weights"), numpy_helper.from_array(last, "last"), bias]
    image = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, "height", "width"])
    skin = helper.make_tensor_value_info("skin", TensorProto.FLOAT, [1, outputs, "height", "width"])
    graph = helper.make_graph(nodes, "network", [image], [skin], constants)
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=9)


def filters(model: Any) -> Any:
    return next(numpy_helper.to_array(one) for one in model.graph.initializer if one.name == "last")


def test_many_channels_into_one_are_summed_and_can_be_read_back() -> None:
    torch = pytest.importorskip("torch")
    before, after = into_one(16), into_one(16)
    quicken(after)
    onnx.checker.check_model(after, full_check=True)
    assert [node.op_type for node in after.graph.node] == ["Conv", "Conv", "Conv"]
    image = np.random.default_rng(1).random((1, 3, 12, 9), np.float32)
    np.testing.assert_allclose(answer(after, image), answer(before, image), atol=1e-4)
    assert filters(after).shape == (16, 1, 3, 3)
    again = as_trained(torch.from_numpy(filters(after).copy()), (1, 16, 3, 3))
    np.testing.assert_array_equal(again, filters(before))
    assert as_trained(again, (1, 16, 3, 3)) is again
    square = torch.zeros(16, 16, 1, 1)
    assert as_trained(square, (16, 16, 1, 1)) is square, "of a shape that a transposed one has too"


@pytest.mark.parametrize("other", [{"channels": 4}, {"channels": 16, "side": 1}, {"channels": 16, "outputs": 2}])
def test_where_nothing_is_to_be_had_it_stays(other: dict[str, int]) -> None:
    before, after = into_one(**other), into_one(**other)
    quicken(after)
    assert after == before
