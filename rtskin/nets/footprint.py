"""What running an ONNX file takes of memory: worked out from its graph, without running it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

#: Libraries, Python, pictures: what a process holds before it loads a network.
_BASE = 300_000_000
#: Of numbers: float32.
_EACH = 4
#: Of ONNX Runtime's plan for a sample: four neighbours and their weights.
_PLAN = 32
#: For copies in other layouts, and for what runs earlier than in the file; measured at 1728 pixels a side.
_MORE = 1.3


def footprint(path: Path, shape: tuple[int, int] | None = None) -> int:
    """About how many bytes a process holds at most while ONNX Runtime runs a file whose sizes are all fixed, or which leaves
    those of its inputs open that ``shape`` (width, height) tells: weights and their packed copies, the values that are alive
    at once (each from where it is made to where it is last used, in the file's order), and what DeformConv gathers first.
    bench/birefnet.py measures how near that is; for small inputs, where ONNX Runtime keeps memory that it gave back, it is
    too little by up to a third.
    """
    import onnx

    model = onnx.load(str(path))
    if shape is not None:
        for value in model.graph.input:
            _, _, height, width = value.type.tensor_type.shape.dim
            width.dim_value, height.dim_value = shape
    graph = onnx.shape_inference.infer_shapes(model).graph
    sizes = {value.name: _bytes(value) for value in (*graph.value_info, *graph.input, *graph.output)}
    weights = sum(math.prod(tensor.dims) for tensor in graph.initializer) * _EACH
    constants = {tensor.name for tensor in graph.initializer}
    shapes = {tensor.name: list(tensor.dims) for tensor in graph.initializer}
    last = {name: number for number, node in enumerate(graph.node) for name in node.input if name not in constants}
    last |= {value.name: len(graph.node) for value in graph.output}
    alive: dict[str, int] = {value.name: sizes.get(value.name, 0) for value in graph.input}
    most = 0
    for number, node in enumerate(graph.node):
        alive |= {name: sizes.get(name, 0) for name in node.output}
        most = max(most, sum(alive.values()) + _gathered(node, shapes, sizes))
        alive = {name: size for name, size in alive.items() if last.get(name, -1) > number}
    return round(_BASE + 2 * weights + _MORE * most)


def _gathered(node: Any, shapes: dict[str, list[int]], sizes: dict[str, int]) -> int:
    """The samples of all taps at all places, before they are multiplied with the weights, and where each is taken from."""
    if node.op_type != "DeformConv":
        return 0
    outputs, *samples = shapes[node.input[1]]
    places = sizes.get(node.output[0], 0) // outputs // _EACH
    return places * (_EACH * math.prod(samples) + _PLAN * math.prod(samples[1:]))


def _bytes(value: Any) -> int:
    return _EACH * math.prod(one.dim_value for one in value.type.tensor_type.shape.dim)
