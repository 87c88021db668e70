"""TensorRT, by its own interface: ``tensorrt``, or ``tensorrt-rtx`` where that is installed, on NVIDIA's GPUs."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np

from rtskin.errors import ModelError
from rtskin.infer.runtimes.base import F32, Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.cuda import Buffer, Stream, require_cudart, select
from rtskin.infer.runtimes.per_thread import PerThread
from rtskin.infer.runtimes.ports import Port
from rtskin.infer.runtimes.quantised import is_quantised
from rtskin.infer.runtimes.signature import check_signature
from rtskin.infer.runtimes.trt_build import TIMEOUT, engine, require_tensorrt, stored
from rtskin.infer.weights import checked_weights
from rtskin.preprocess.fit import Shape

log = logging.getLogger("rtskin.infer")


class TensorRt(Runtime):
    """An engine for each shape, built when the shape first comes unless it is kept from before (rtskin models build makes
    them ahead), and for each thread its own context, stream and memory.

    options: ``precision``, "fp32", "fp16" or "int8" (a network whose file is in 8 bits runs in these); ``timeout``, the
    seconds that building one engine may take.
    """

    name: ClassVar[str] = "tensorrt"
    devices: ClassVar[tuple[str, ...]] = ("cuda",)
    modules: ClassVar[tuple[str, ...]] = ("tensorrt", "tensorrt_rtx")
    defaults: ClassVar[Mapping[str, Any]] = {"precision": "fp32", "timeout": TIMEOUT}
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({}, {"precision": "fp16"})

    def _load(self, device: str, threads: int | None) -> None:
        self._trt: Any = require_tensorrt()
        self._cudart = require_cudart()
        self._index = select(self._cudart, device)
        self._logger: Any = self._trt.Logger(self._trt.Logger.ERROR)
        self._loader: Any = self._trt.Runtime(self._logger)
        self._engines: dict[Shape, Any] = {}
        inputs, outputs = _ports(self._trt, self._engine(self.shapes[0]))
        path = checked_weights(self.card)
        self._inputs, self._output = check_signature(self.card, path, inputs, outputs, self.shapes)
        self._opened: PerThread[Shape, _Opened] = PerThread(self._open)
        self.info = RuntimeInfo(
            self.name, f"cuda:{self._index}", "int8" if is_quantised(path) else str(self.options["precision"]), None
        )

    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        opened = self._opened((tensor.shape[3], tensor.shape[2]))
        given = {self._inputs[0].name: tensor}
        if len(self._inputs) > 1:
            given[self._inputs[1].name] = self._prior(tensor, prior)
        return opened.run(given)

    def close(self) -> None:
        if hasattr(self, "_opened"):
            self._opened.clear()
        self._engines.clear()

    def _open(self, shape: Shape) -> _Opened:
        select(self._cudart, f"cuda:{self._index}")  # the current device is each thread's own
        return _Opened(self._trt, self._cudart, self._engine(shape), self._output.name)

    def _engine(self, shape: Shape) -> Any:
        if shape not in self._engines:
            precision = str(self.options["precision"])
            made = engine(self.card, shape, precision, timeout=float(self.options["timeout"]))
            loaded = self._loader.deserialize_cuda_engine(made.data)
            if loaded is None and made.seconds is None:
                log.warning("%s is no engine for this GPU; it is built anew", made.path)
                stored(self._trt, self.card, shape, precision).drop()
                made = engine(self.card, shape, precision, timeout=float(self.options["timeout"]))
                loaded = self._loader.deserialize_cuda_engine(made.data)
            if loaded is None:
                raise ModelError(f"TensorRT {self._trt.__version__} cannot load the engine of {self.card.name!r} here")
            self._engines[shape] = loaded
        return self._engines[shape]


class _Opened:
    """A context of an engine with its memory: one thread's."""

    def __init__(self, trt: Any, cudart: Any, loaded: Any, output: str) -> None:
        self._context = loaded.create_execution_context()
        self._stream = Stream(cudart)
        self._buffers: dict[str, Buffer] = {}
        self._inputs, self._output = [], output
        for number in range(loaded.num_io_tensors):
            name = loaded.get_tensor_name(number)
            if loaded.get_tensor_mode(name) == trt.TensorIOMode.INPUT:
                self._inputs.append(name)
                self._context.set_input_shape(name, loaded.get_tensor_profile_shape(name, 0)[1])
        for number in range(loaded.num_io_tensors):
            name = loaded.get_tensor_name(number)
            shape = tuple(self._context.get_tensor_shape(name))
            buffer = self._buffers[name] = Buffer(cudart, shape, trt.nptype(loaded.get_tensor_dtype(name)))
            self._context.set_tensor_address(name, buffer.device)

    def run(self, given: Mapping[str, Array]) -> F32:
        for name in self._inputs:
            np.copyto(self._buffers[name].array, given[name])
            self._buffers[name].up(self._stream)
        if not self._context.execute_async_v3(int(self._stream.handle)):
            raise ModelError("TensorRT did not run its engine")
        answer = self._buffers[self._output]
        answer.down(self._stream)
        self._stream.wait()
        return answer.array


def _ports(trt: Any, loaded: Any) -> tuple[list[Port], list[Port]]:
    """A size of -1 is one that the network leaves open."""
    inputs: list[Port] = []
    outputs: list[Port] = []
    for number in range(loaded.num_io_tensors):
        name = loaded.get_tensor_name(number)
        shape = tuple(int(size) if size > 0 else None for size in loaded.get_tensor_shape(name))
        port = Port(name, np.dtype(trt.nptype(loaded.get_tensor_dtype(name))).name, shape)
        (inputs if loaded.get_tensor_mode(name) == trt.TensorIOMode.INPUT else outputs).append(port)
    return inputs, outputs
