"""What running an ONNX file takes of memory: worked out from its graph, without running it."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

#: Libraries, Python, pictures: what a process holds before it loads a network.
_BASE = 300_000_000
#: Of numbers: float32.
_EACH = 4


def footprint(path: Path) -> int:
    """Bytes that a process holds at most while it runs a file whose sizes are all fixed: weights, the values that are alive
    at once (each from where it is made to where it is last used, in the file's order), and what DeformConv gathers first.

    bench/refine measures how near that is.
    """
    import onnx

    graph = onnx.shape_inference.infer_shapes(onnx.load(str(path))).graph
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
    return _BASE + weights + most


def _gathered(node: Any, shapes: dict[str, list[int]], sizes: dict[str, int]) -> int:
    """The samples of all taps at all places, before they are multiplied with the weights."""
    if node.op_type != "DeformConv":
        return 0
    outputs, *samples = shapes[node.input[1]]
    return sizes.get(node.output[0], 0) // outputs * math.prod(samples)


def _bytes(value: Any) -> int:
    return _EACH * math.prod(one.dim_value for one in value.type.tensor_type.shape.dim)
