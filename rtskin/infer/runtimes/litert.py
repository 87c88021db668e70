"""LiteRT, which runs .tflite files on the CPU."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import numpy as np

from rtskin.errors import MissingExtraError
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.base import F32, Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.load_errors import load_error
from rtskin.infer.runtimes.per_thread import PerThread
from rtskin.infer.runtimes.ports import Port
from rtskin.infer.runtimes.signature import PRIOR, check_signature
from rtskin.infer.runtimes.threads import default_threads
from rtskin.infer.weights import checked_weights


class LiteRt(Runtime):
    """An interpreter for each thread: they are not safe to share.

    Most .tflite files want the channels last; tensors are turned on the way in and out. A fourth channel of the input is
    the prior, for cards that have one.
    """

    name: ClassVar[str] = "litert"
    files: ClassVar[tuple[str, ...]] = (".tflite",)
    modules: ClassVar[tuple[str, ...]] = ("ai_edge_litert",)

    def _load(self, device: str, threads: int | None) -> None:
        self._kind = _require_litert()
        self._path = checked_weights(self.card)
        self._threads = threads or default_threads()
        self._opened: PerThread[tuple[int, ...], _Opened] = PerThread(self._open)
        width, height = self.shapes[0]
        interpreter = self._interpreter()
        inputs, outputs = interpreter.get_input_details(), interpreter.get_output_details()
        self._last = _channels_last(inputs[0])
        found, self._output = check_signature(
            self.card,
            self._path,
            _inputs(self.card, inputs, self._last),
            [_port(one, self._last) for one in outputs],
            self.shapes,
        )
        self._index = next(one["index"] for one in outputs if one["name"] == self._output.name)
        self._joined = len(found) > len(inputs)
        self._places = [one["index"] for port in found for one in inputs if one["name"] == port.name]
        self._opened((1, 3, height, width))
        self.info = RuntimeInfo(self.name, "cpu", "fp32", self._threads)

    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        opened = self._opened(tensor.shape)
        arrays = [tensor]
        if self.card.tensor.prior:
            arrays.append(self._prior(tensor, prior))
        opened.give(arrays)
        opened.interpreter.invoke()
        return opened.take()

    def close(self) -> None:
        self._opened.clear()

    def _open(self, shape: tuple[int, ...]) -> _Opened:
        interpreter = self._interpreter()
        for number, index in enumerate(self._places):
            channels = 4 if self._joined else shape[1] if number == 0 else 1
            full = (1, channels, *shape[2:])
            wanted = [full[axis] for axis in ((0, 2, 3, 1) if self._last else (0, 1, 2, 3))]
            details = next(one for one in interpreter.get_input_details() if one["index"] == index)
            if list(details["shape"]) != wanted:
                interpreter.resize_tensor_input(index, wanted)
        interpreter.allocate_tensors()
        return _Opened(interpreter, self._places, self._index, self._last)

    def _interpreter(self) -> Any:
        try:
            interpreter = self._kind(str(self._path), num_threads=self._threads)
            interpreter.allocate_tensors()
        except Exception as error:  # ValueError and RuntimeError, both of one line
            raise load_error(self._path, "LiteRT", error) from error
        return interpreter


class _Opened:
    """An interpreter that is ready for one shape, and the memory its answers are copied to."""

    def __init__(self, interpreter: Any, places: Sequence[int], output: int, last: bool) -> None:
        self.interpreter, self._places, self._output, self._last = interpreter, places, output, last
        shape = interpreter.get_output_details()
        found = tuple(next(one["shape"] for one in shape if one["index"] == output).tolist())
        self._answer = np.empty([found[axis] for axis in ((0, 3, 1, 2) if last else (0, 1, 2, 3))], np.float32)

    def give(self, arrays: Sequence[Array]) -> None:
        # The views must be gone before the interpreter runs: it may move its memory.
        if len(arrays) > len(self._places):
            into = self.interpreter.tensor(self._places[0])()
            channel = 0
            for array in arrays:
                many = array.shape[1]
                into[..., channel : channel + many] = array.transpose(0, 2, 3, 1)
                channel += many
            return
        for place, array in zip(self._places, arrays, strict=True):
            self.interpreter.tensor(place)()[:] = array.transpose(0, 2, 3, 1) if self._last else array

    def take(self) -> F32:
        view = self.interpreter.tensor(self._output)()
        np.copyto(self._answer, view.transpose(0, 3, 1, 2) if self._last else view)
        return self._answer


def _require_litert() -> Any:
    try:
        from ai_edge_litert.interpreter import Interpreter
    except ImportError as error:
        raise MissingExtraError("ai-edge-litert", "litert", "the litert runtime") from error
    return Interpreter


def _channels_last(details: Mapping[str, Any]) -> bool:
    """By the number of channels, 3 or 4 (with a prior): no side of a picture is that short."""
    shape = details["shape_signature"]
    return len(shape) == 4 and int(shape[1]) not in (3, 4)


def _inputs(card: Card, inputs: Sequence[Mapping[str, Any]], last: bool) -> list[Port]:
    """A fourth channel as an input of its own, where the card knows a prior."""
    ports = [_port(one, last) for one in inputs]
    if card.tensor.prior and len(ports) == 1 and len(ports[0].shape) == 4 and ports[0].shape[1] == 4:
        first, (batch, _, *sides) = ports[0], ports[0].shape
        return [Port(first.name, first.type, (batch, 3, *sides)), Port(PRIOR, first.type, (batch, 1, *sides))]
    return ports


def _port(details: Mapping[str, Any], last: bool) -> Port:
    shape = [int(size) if size > 0 else None for size in details["shape_signature"]]
    if last and len(shape) == 4:
        shape = [shape[axis] for axis in (0, 3, 1, 2)]
    return Port(details["name"], np.dtype(details["dtype"]).name, tuple(shape))
