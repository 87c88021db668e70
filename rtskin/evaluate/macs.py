"""Multiply-accumulates and parameters of a network, counted in its ONNX graph.

One multiplication and one addition are one; papers that say "GFLOPS" mostly mean this number (of 1e9). Convolutions and
matrix products are counted, which is what others count too; interpolation, activations and sums are not.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from rtskin.errors import MissingExtraError, ModelError

Shapes = Mapping[str, Sequence[int]]


def count_macs(path: Path, shape: tuple[int, int]) -> int:
    """Of the ONNX file for one picture of ``shape`` (width, height).

    ModelError where the file is none, or does not say enough of the shapes inside of it.
    """
    onnx = _onnx()
    model = _load(path)
    _fix_input(model, shape)
    try:
        model = onnx.shape_inference.infer_shapes(model, check_type=True, data_prop=True, strict_mode=True)
    except Exception as error:
        raise ModelError(
            f"{path} cannot take pictures of {shape[0]}×{shape[1]}: {str(error).splitlines()[0]}"
        ) from error
    graph = model.graph
    shapes: dict[str, Sequence[int]] = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    for value in (*graph.input, *graph.value_info, *graph.output):
        dims = value.type.tensor_type.shape.dim
        shapes.setdefault(value.name, [one.dim_value for one in dims])
    return sum(_of_node(node, shapes, path) for node in graph.node)


def count_parameters(path: Path) -> int:
    """Numbers in the file that are no whole numbers: weights and biases, with batch normalisation folded in or not."""
    onnx = _onnx()
    kinds = {onnx.TensorProto.FLOAT, onnx.TensorProto.FLOAT16, onnx.TensorProto.BFLOAT16}
    return sum(math.prod(tensor.dims) for tensor in _load(path).graph.initializer if tensor.data_type in kinds)


def _onnx() -> Any:
    try:
        import onnx
        import onnx.shape_inference
    except ImportError as error:
        raise MissingExtraError("onnx", "eval", "counting multiply-accumulates (--cost)") from error
    return onnx


def _load(path: Path) -> Any:
    try:
        return _onnx().load(str(path))
    except Exception as error:  # protobuf's errors and the system's
        raise ModelError(f"{path} is no ONNX file: {str(error).splitlines()[0]}") from error


def _fix_input(model: Any, shape: tuple[int, int]) -> None:
    """Say a picture's size where the file leaves it open; what it worked out for the open one goes."""
    weights = {tensor.name for tensor in model.graph.initializer}
    (entry,) = [value for value in model.graph.input if value.name not in weights][:1]
    dims = entry.type.tensor_type.shape.dim
    for dim, size in zip(dims, (1, None, shape[1], shape[0]), strict=False):
        if size is not None:
            dim.ClearField("dim_param")
            dim.dim_value = size
    del model.graph.value_info[:]
    for value in model.graph.output:
        value.type.tensor_type.ClearField("shape")


def _of_node(node: Any, shapes: Shapes, path: Path) -> int:
    counter = _COUNTERS.get(node.op_type)
    if counter is None:
        return 0
    inside = [shapes.get(name, ()) for name in node.input if name]
    outside = shapes.get(node.output[0], ())
    if not outside or min((*inside[0], *inside[1], *outside), default=0) <= 0:
        raise ModelError(
            f"{path} does not say the shapes around {node.op_type} {node.name!r}; its work cannot be counted"
        )
    return counter(inside, outside, {one.name: one for one in node.attribute})


def _convolution(inside: list[Sequence[int]], outside: Sequence[int], _: Mapping[str, Any]) -> int:
    # A filter is out × in/groups × kernel: each output takes all of it but the first side.
    return math.prod(outside) * math.prod(inside[1][1:])


def _transposed(inside: list[Sequence[int]], outside: Sequence[int], _: Mapping[str, Any]) -> int:
    # A filter is in × out/groups × kernel: each input goes into all of it but the first side.
    return math.prod(inside[0]) * math.prod(inside[1][1:])


def _product(inside: list[Sequence[int]], outside: Sequence[int], _: Mapping[str, Any]) -> int:
    return math.prod(outside) * int(inside[0][-1])


def _gemm(inside: list[Sequence[int]], outside: Sequence[int], attributes: Mapping[str, Any]) -> int:
    turned = "transA" in attributes and attributes["transA"].i
    return math.prod(outside) * int(inside[0][0 if turned else -1])


_COUNTERS: dict[str, Callable[[list[Sequence[int]], Sequence[int], Mapping[str, Any]], int]] = {
    "Conv": _convolution,
    "DeformConv": _convolution,
    "ConvTranspose": _transposed,
    "MatMul": _product,
    "Gemm": _gemm,
}
