"""Multiply-accumulates against counts by hand, and against torch's."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from rtskin.errors import ModelError  # noqa: E402
from rtskin.evaluate.macs import count_macs, count_parameters  # noqa: E402
from rtskin.infer.cards import load_card  # noqa: E402
from tests.infer.conftest import write_net  # noqa: E402


def written(path: Path, nodes: list[object], weights: dict[str, tuple[int, ...]], entry: tuple[object, ...]) -> Path:
    helper = onnx.helper
    values = [onnx.numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in weights.items()]
    start = helper.make_tensor_value_info("x", onnx.TensorProto.FLOAT, entry)
    end = helper.make_tensor_value_info("y", onnx.TensorProto.FLOAT, None)
    graph = helper.make_graph(nodes, "made", [start], [end], values)
    path.write_bytes(
        helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8).SerializeToString()
    )
    return path


def test_a_convolution(tmp_path: Path) -> None:
    net = write_net(tmp_path / "net.onnx")  # 1×1, from 3 to 2 channels, at 16×16
    assert count_macs(net, (16, 16)) == 16 * 16 * 3 * 2
    assert count_parameters(net) == 3 * 2 + 2


def test_open_sizes_take_the_shape_that_is_asked_for(tmp_path: Path) -> None:
    net = write_net(tmp_path / "net.onnx", size=("h", "w"))
    assert count_macs(net, (40, 10)) == 40 * 10 * 3 * 2


def test_groups_strides_transposed_and_products(tmp_path: Path) -> None:
    node = onnx.helper.make_node
    nodes = [
        node("Conv", ["x", "a"], ["1"], group=3, kernel_shape=[3, 3], pads=[1, 1, 1, 1], strides=[2, 2]),
        node("Conv", ["1", "b"], ["2"]),
        node("ConvTranspose", ["2", "c"], ["3"], strides=[2, 2]),
        node("GlobalAveragePool", ["3"], ["4"]),
        node("Flatten", ["4"], ["5"]),
        node("Gemm", ["5", "d"], ["6"], transB=1),
        node("MatMul", ["6", "e"], ["y"]),
    ]
    weights = {"a": (3, 1, 3, 3), "b": (8, 3, 1, 1), "c": (8, 4, 2, 2), "d": (5, 4), "e": (5, 7)}
    net = written(tmp_path / "net.onnx", nodes, weights, (1, 3, 20, 30))
    by_hand = 10 * 15 * 3 * 9 + 10 * 15 * 8 * 3 + 10 * 15 * 8 * 4 * 4 + 5 * 4 + 7 * 5
    assert count_macs(net, (30, 20)) == by_hand


def test_the_bundled_network_as_torch_counts_it() -> None:
    torch = pytest.importorskip("torch")
    from torch.utils.flop_counter import FlopCounterMode

    from rtskin import nets
    from rtskin.train.recipe import load

    card = load_card("mobile-unet")
    assert card.path is not None
    assert card.weights_path is not None
    recipe = load(card.path.parent / card.recipe)
    width, height = card.tensor.live[0]
    net = nets.build(recipe.net.architecture, **recipe.net.options).eval()
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        net(torch.zeros(1, 3, height, width))
    assert count_macs(card.weights_path, (width, height)) == counter.get_total_flops() // 2


def test_what_is_no_network_and_what_does_not_fit(tmp_path: Path) -> None:
    (tmp_path / "a.onnx").write_bytes(b"no network")
    with pytest.raises(ModelError, match="is no ONNX file"):
        count_macs(tmp_path / "a.onnx", (16, 16))
    with pytest.raises(ModelError, match="is no ONNX file"):
        count_parameters(tmp_path / "none.onnx")
    node = onnx.helper.make_node
    nodes = [node("Strange", ["x"], ["1"], domain="mine"), node("Conv", ["1", "a"], ["y"], name="lost")]
    net = written(tmp_path / "net.onnx", nodes, {"a": (2, 3, 1, 1)}, (1, 3, 16, 16))
    with pytest.raises(ModelError, match=r"cannot take pictures of 16×16|the shapes around Conv 'lost'"):
        count_macs(net, (16, 16))
    fixed = written(tmp_path / "two.onnx", [node("Conv", ["x", "a"], ["y"])], {"a": (2, 3, 9, 9)}, (1, 3, 16, 16))
    with pytest.raises(ModelError, match=r"cannot take pictures of 4×4|the shapes around Conv"):
        count_macs(fixed, (4, 4))
