"""ONNX Runtime, on the CPU, on CUDA or on TensorRT."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from rtskin.errors import InputError
from rtskin.infer.runtimes.base import F32, Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.devices import providers, settle
from rtskin.infer.runtimes.installed import require_onnxruntime
from rtskin.infer.runtimes.ort_session import open_session
from rtskin.infer.runtimes.per_thread import PerThread
from rtskin.infer.runtimes.ports import Port, numpy_type
from rtskin.infer.runtimes.quantised import real_precision
from rtskin.infer.runtimes.signature import check_signature
from rtskin.infer.runtimes.threads import default_threads
from rtskin.infer.weights import checked_weights

log = logging.getLogger("rtskin.infer")

_Shape = tuple[int, ...]
#: Pixels of an input. A larger one takes far more memory where ONNX Runtime keeps what it gave back, or plans all of a
#: pass as one block (birefnet-lite at 1728²: 6.7 GB with the second alone, 4.9 without both; at 1024² 4.5 with both, 2.5
#: without), and its pass is so long that asking the system each time costs little beside it (8.8 s for 7.6).
_LARGE = 512 * 512


class OnnxRuntime(Runtime):
    """A session of ONNX Runtime with its outputs bound to memory that is used again, one a shape.

    One session serves all shapes. Measured with mobile-unet and five shapes of 65 to 102 thousand pixels, interleaved: sizes
    left open in the file cost 0 to 3 % against a session with fixed ones, and the first run at a shape 1 to 3 ms of 6.

    options: ``spinning`` (waiting intra-op threads burn their core; a little faster, far more CPU), ``inter_threads``,
    ``log_severity`` (0 verbose … 4 fatal), ``tensorrt`` (on a GPU: TensorRT for what it can, CUDA for the rest),
    ``gpu_memory_mb`` (the most that CUDA's arena may take; 0: no limit), ``store`` (keep the optimised network for the next
    start; of mobile-unet's 22 ms of loading that saves 10, of a larger network's more).
    """

    name: ClassVar[str] = "onnxruntime"
    devices: ClassVar[tuple[str, ...]] = ("cpu", "cuda")
    modules: ClassVar[tuple[str, ...]] = ("onnxruntime",)
    defaults: ClassVar[Mapping[str, Any]] = {
        "spinning": False, "inter_threads": 1, "log_severity": 3, "tensorrt": False, "gpu_memory_mb": 0, "store": False,
    }  # fmt: skip
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({}, {"spinning": True})

    def _load(self, device: str, threads: int | None) -> None:
        ort = require_onnxruntime()
        asked = providers(ort, device, bool(self.options["tensorrt"]), self._arena())
        path = checked_weights(self.card)
        self._threads = threads or default_threads()
        self._session: Any = open_session(
            ort, path, lambda: self._session_options(ort), asked, self.card.name if self.options["store"] else None
        )
        real = settle(device, asked, self._session.get_providers())
        inputs, outputs = (list(map(_port, ports())) for ports in (self._session.get_inputs, self._session.get_outputs))
        self._inputs, self._output = check_signature(self.card, path, inputs, outputs, self.shapes)
        #: What each shape of tensor is answered with: known from the file, or from the first run.
        self._answers: dict[_Shape, _Shape] = {}
        static = _static_shape(self._output.shape)
        if static is not None and len(self.shapes) == 1:
            self._answers[1, 3, self.shapes[0][1], self.shapes[0][0]] = static
        # A session may run in several threads, one output buffer may not.
        self._bound: PerThread[_Shape, tuple[Any, F32]] = PerThread(self._bind)
        self.info = RuntimeInfo(self.name, real, real_precision(path, "fp32"), self._threads)

    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        feed = {self._inputs[0].name: tensor}
        if len(self._inputs) > 1:
            feed[self._inputs[1].name] = self._prior(tensor, prior)
        if tensor.shape not in self._answers:
            (output,) = self._session.run([self._output.name], feed)
            self._answers[tensor.shape] = output.shape
            return np.asarray(output, np.float32)
        binding, output = self._bound(tensor.shape)
        for name, array in feed.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        self._session.run_with_iobinding(binding)
        return output

    def close(self) -> None:
        self._session = None
        self._bound.clear()

    def _bind(self, shape: _Shape) -> tuple[Any, F32]:
        output: F32 = np.empty(self._answers[shape], np.float32)
        binding = self._session.io_binding()
        binding.bind_output(self._output.name, "cpu", 0, np.float32, output.shape, output.ctypes.data)
        return binding, output

    def _session_options(self, ort: ModuleType) -> Any:
        options = ort.SessionOptions()
        try:
            options.log_severity_level = int(self.options["log_severity"])
            options.inter_op_num_threads = int(self.options["inter_threads"])
            options.intra_op_num_threads = self._threads
        except (TypeError, ValueError) as error:
            raise InputError(f"an option of onnxruntime is not a whole number: {error}") from None
        large = max(width * height for width, height in self.shapes) > _LARGE
        options.enable_cpu_mem_arena = options.enable_mem_pattern = not large
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if self.options["spinning"] else "0")
        return options

    def _arena(self) -> dict[str, Any]:
        """CUDA's arena grows by what is asked for instead of doubling: other programs use the GPU too."""
        limit = self.options["gpu_memory_mb"]
        if not isinstance(limit, int) or limit < 0:
            raise InputError(f"gpu_memory_mb is a whole number of megabytes, 0 for no limit, not {limit!r}")
        arena: dict[str, Any] = {"arena_extend_strategy": "kSameAsRequested"}
        return arena | ({"gpu_mem_limit": limit * 1_000_000} if limit else {})


def _port(value: Any) -> Port:
    return Port(value.name, numpy_type(value.type), tuple(value.shape))


def _static_shape(shape: Sequence[Any]) -> _Shape | None:
    """The output's shape, a batch of one; None where the network leaves a size open."""
    sizes = [1, *shape[1:]]
    return tuple(sizes) if all(isinstance(size, int) and size > 0 for size in sizes) else None
