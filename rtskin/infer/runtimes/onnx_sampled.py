"""An ONNX file for runtimes that have no DeformConv (OpenVINO, TensorRT): each as samplings of the map, GridSample, and
ordinary convolutions, row by row of its kernel, so that no more than a row's samples are in memory at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.errors import MissingExtraError, ModelError

_Array = npt.NDArray[Any]
_OPERATOR = "DeformConv"
#: What the names of new nodes begin with.
MADE = "sampled_"


def sampled(path: Path) -> bytes | None:
    """The same network without DeformConv, whose answers differ by rounding alone; None where the file has none.

    ModelError: one is of a kind that our networks do not have.
    """
    data = path.read_bytes()
    return without_deform_conv(data, path) if _OPERATOR.encode() in data else None


def without_deform_conv(data: bytes, path: Path) -> bytes:
    """The same network in other nodes; ``path`` is for messages."""
    try:
        import onnx
    except ImportError as error:
        raise MissingExtraError("onnx", "torch", "a network with deformable convolutions on this runtime") from error
    model = onnx.load_from_string(data)
    shapes = _shapes(onnx.shape_inference.infer_shapes(model).graph)
    graph = model.graph
    weights = {tensor.name: tensor for tensor in graph.initializer}
    nodes = []
    for node in graph.node:
        if node.op_type != _OPERATOR:
            nodes.append(node)
            continue
        taps = weights.get(node.input[1])
        size = shapes.get(node.input[0])
        if taps is None or size is None or not _is_plain(onnx, node):
            raise ModelError(
                f"{path} has a DeformConv ({node.name}) that this runtime cannot be given in other operators; "
                "use --runtime onnxruntime"
            )
        nodes += _Sampled(onnx, graph, node, onnx.numpy_helper.to_array(taps), size).nodes()
    del graph.node[:]
    graph.node.extend(nodes)
    used = {name for node in graph.node for name in node.input}
    for tensor in [tensor for tensor in graph.initializer if tensor.name not in used]:
        graph.initializer.remove(tensor)
    return bytes(model.SerializeToString())


def _is_plain(onnx: Any, node: Any) -> bool:
    """One picture, one group, no stride, no dilation, no bias, weights for the taps."""
    said = {one.name: onnx.helper.get_attribute_value(one) for one in node.attribute}
    alike = all(
        set(said.get(key, [1])) == {1} if isinstance(said.get(key, [1]), list) else said[key] == 1
        for key in ("strides", "dilations", "group", "offset_group")
    )
    return alike and len(node.input) == 5 and not node.input[3] and len(set(said.get("pads", [0] * 4))) == 1


def _shapes(graph: Any) -> dict[str, tuple[int, int]]:
    """(height, width) of what is 1×C×H×W, by name."""
    found = {}
    for value in (*graph.value_info, *graph.input):
        sizes = [one.dim_value for one in value.type.tensor_type.shape.dim]
        if len(sizes) == 4 and sizes[0] == 1 and sizes[2] and sizes[3]:
            found[value.name] = (sizes[2], sizes[3])
    return found


class _Sampled:
    """The nodes in the place of one DeformConv. taps: O×C×k×k. size: (height, width) of the map."""

    def __init__(self, onnx: Any, graph: Any, node: Any, taps: _Array, size: tuple[int, int]) -> None:
        self._onnx, self._graph, self._taps = onnx, graph, taps
        self._map, _, self._offset, _, self._weights = node.input
        self._answer = node.output[0]
        self._height, self._width = size
        pads = next((list(one.ints) for one in node.attribute if one.name == "pads"), [0])
        self._padding = pads[0]
        self._made: list[Any] = []
        self._count = 0

    def nodes(self) -> list[Any]:
        rows, columns = self._taps.shape[2:]
        offsets = self._split(self._offset, rows, 2 * columns)
        weights = self._split(self._weights, rows, columns)
        parts = [
            self._row(row, offset, weight) for row, (offset, weight) in enumerate(zip(offsets, weights, strict=True))
        ]
        total = parts[0]
        for part in parts[1:-1]:
            total = self._add("Add", [total, part])
        last = [total, parts[-1]] if len(parts) > 1 else [total]
        self._append("Add" if len(parts) > 1 else "Identity", last, [self._answer])
        return self._made

    def _row(self, row: int, offset: str, weight: str) -> str:
        outputs, channels, _, columns = self._taps.shape
        height, width = self._height, self._width
        seen = self._add(
            "GridSample",
            [self._map, self._grid(row, offset)],
            mode="bilinear", padding_mode="zeros", align_corners=0,
        )  # fmt: skip
        seen = self._reshaped(seen, [1, channels, columns, height, width])
        seen = self._add("Mul", [seen, self._reshaped(weight, [1, 1, columns, height, width])])
        seen = self._reshaped(seen, [1, channels * columns, height, width])
        taps = np.ascontiguousarray(self._taps[:, :, row].reshape(outputs, channels * columns, 1, 1))
        return self._add("Conv", [seen, self._constant(taps)])

    def _grid(self, row: int, offset: str) -> str:
        """1×(k·H)×W×2: where the taps of a row look, right and then down, from -1 to 1 between the map's outer edges."""
        columns, height, width = self._taps.shape[3], self._height, self._width
        pair = self._reshaped(offset, [1, columns, 2, height, width])
        along = np.arange(columns, dtype=np.float32)[:, None, None] - self._padding
        right = (2 * (np.arange(width, dtype=np.float32) + along) + 1) / width - 1
        down = (2 * (np.arange(height, dtype=np.float32)[:, None] + row - self._padding) + 1) / height - 1
        sides = []
        for which, base, side in ((1, right[None], width), (0, down[None, None], height)):
            one = self._add("Gather", [pair, self._constant(np.array(which, np.int64))], axis=2)
            one = self._add("Mul", [one, self._constant(np.array(2 / side, np.float32))])
            one = self._add("Add", [one, self._constant(base.astype(np.float32))])
            sides.append(self._reshaped(one, [1, columns * height, width, 1]))
        return self._add("Concat", sides, axis=3)

    def _split(self, name: str, parts: int, channels: int) -> list[str]:
        if parts == 1:
            return [name]
        names = [self._name() for _ in range(parts)]
        sizes = self._constant(np.array([channels] * parts, np.int64))
        self._append("Split", [name, sizes], names, axis=1)
        return names

    def _reshaped(self, name: str, shape: list[int]) -> str:
        return self._add("Reshape", [name, self._constant(np.array(shape, np.int64))])

    def _add(self, kind: str, inputs: list[str], **attributes: Any) -> str:
        name = self._name()
        self._append(kind, inputs, [name], **attributes)
        return name

    def _append(self, kind: str, inputs: list[str], outputs: list[str], **attributes: Any) -> None:
        self._made.append(self._onnx.helper.make_node(kind, inputs, outputs, f"{MADE}{outputs[0]}", **attributes))

    def _constant(self, value: _Array) -> str:
        name = f"{self._answer}_constant_{len(self._graph.initializer)}"
        self._graph.initializer.append(self._onnx.numpy_helper.from_array(value, name))
        return name

    def _name(self) -> str:
        self._count += 1
        return f"{self._answer}_sampled_{self._count}"
