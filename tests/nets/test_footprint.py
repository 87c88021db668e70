"""What a network takes of memory, worked out from its graph."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest

onnx = pytest.importorskip("onnx")

from rtskin.nets import footprint as measured  # noqa: E402
from rtskin.nets.footprint import footprint  # noqa: E402


def written(path: Path, nodes: list[object], weights: dict[str, tuple[int, ...]], out: list[int]) -> Path:
    from onnx import TensorProto, helper, numpy_helper

    graph = helper.make_graph(
        nodes,
        "one",
        [helper.make_tensor_value_info("x", TensorProto.FLOAT, [1, 2, 10, 10])],
        [helper.make_tensor_value_info("y", TensorProto.FLOAT, out)],
        [numpy_helper.from_array(np.zeros(shape, np.float32), name) for name, shape in weights.items()],
    )
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 19)]), str(path))
    return path


def test_values_count_from_where_they_are_made_to_where_they_are_last_used(tmp_path: Path) -> None:
    from onnx import helper

    nodes = [
        helper.make_node("Conv", ["x", "wide"], ["a"]),  # x (200) and a (800)
        helper.make_node("Relu", ["a"], ["b"]),  # a and b: the most
        helper.make_node("Conv", ["b", "narrow"], ["y"]),  # b and y
    ]
    path = written(tmp_path / "n.onnx", nodes, {"wide": (8, 2, 1, 1), "narrow": (1, 8, 1, 1)}, [1, 1, 10, 10])
    assert footprint(path) == round(measured._BASE + 8 * (16 + 8) + measured._MORE * 4 * (800 + 800))


def test_what_a_deformable_convolution_gathers_counts(tmp_path: Path) -> None:
    from onnx import helper

    weights = {"o": (1, 18, 10, 10), "m": (1, 9, 10, 10), "w": (4, 2, 3, 3)}
    nodes = [helper.make_node("DeformConv", ["x", "w", "o", "", "m"], ["y"], pads=[1] * 4, kernel_shape=[3, 3])]
    path = written(tmp_path / "n.onnx", nodes, weights, [1, 4, 10, 10])
    own = 4 * sum(math.prod(shape) for shape in weights.values())
    most = 4 * (200 + 400 + 2 * 9 * 100) + 32 * 9 * 100
    assert footprint(path) == round(measured._BASE + 2 * own + measured._MORE * most)
