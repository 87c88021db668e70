"""ONNX Runtime, on the CPU or on CUDA."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from rtskin.errors import InputError, ModelError
from rtskin.infer.card_input import times
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.base import Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.devices import default_threads, providers, settle
from rtskin.infer.runtimes.installed import require_onnxruntime
from rtskin.infer.runtimes.signature import check_signature
from rtskin.infer.weights import checked_weights
from rtskin.preprocess.fit import Shape

log = logging.getLogger("rtskin.infer")


class OnnxRuntime(Runtime):
    """A session of ONNX Runtime with its outputs bound to memory that is used again, one a shape.

    One session serves all shapes. Measured with mobile-unet and five shapes of 65 to 102 thousand pixels, interleaved: sizes
    left open in the file cost 0 to 3 % against a session with fixed ones, and the first run at a shape 1 to 3 ms of 6.

    options: ``spinning`` (waiting intra-op threads burn their core; a little faster, far more CPU), ``inter_threads``,
    ``log_severity`` (0 verbose … 4 fatal).
    """

    defaults: ClassVar[Mapping[str, Any]] = {"spinning": False, "inter_threads": 1, "log_severity": 3}

    def __init__(
        self,
        card: Card,
        *,
        device: str,
        threads: int | None,
        options: Mapping[str, Any],
        shapes: Sequence[Shape] | None = None,
    ) -> None:
        super().__init__(card, device=device, threads=threads, options=options, shapes=shapes)
        ort = require_onnxruntime()
        asked = providers(ort, device)
        path = checked_weights(card)
        self._threads = threads or default_threads()
        self._session: Any = _create(ort, path, self._session_options(ort), asked)
        real = settle(device, asked, self._session.get_providers())
        self._inputs, self._output = check_signature(card, path, self._session, self.shapes)
        #: What each shape of tensor is answered with: known from the file, or from the first run.
        self._answers: dict[tuple[int, ...], tuple[int, ...]] = {}
        static = _static_shape(self._output.shape)
        if static is not None and len(self.shapes) == 1:
            self._answers[1, 3, self.shapes[0][1], self.shapes[0][0]] = static
        #: What stands for a prior that is not there.
        self._empty: dict[tuple[int, ...], npt.NDArray[np.float32]] = {}
        self._local = threading.local()
        self.info = RuntimeInfo("onnxruntime", real, "fp32", self._threads)

    def run(self, tensor: Array, prior: npt.NDArray[np.float32] | None = None) -> npt.NDArray[np.float32]:
        feed = {self._inputs[0].name: tensor}
        if len(self._inputs) > 1:
            feed[self._inputs[1].name] = self._no_prior(tensor.shape) if prior is None else prior
        if tensor.shape not in self._answers:
            (output,) = self._session.run([self._output.name], feed)
            self._answers[tensor.shape] = output.shape
            return np.asarray(output, np.float32)
        binding, output = self._bound(tensor.shape)
        for name, array in feed.items():
            binding.bind_input(name, "cpu", 0, array.dtype.type, array.shape, array.ctypes.data)
        self._session.run_with_iobinding(binding)
        return output

    def warm_up(self, shape: Shape | None = None) -> npt.NDArray[np.float32]:
        try:
            return super().warm_up(shape)
        except Exception as error:  # its errors share no base class but Exception
            size = times(shape or self.shapes[0])
            raise ModelError(f"the network of {self.card.name!r} cannot run at {size}: {_one_line(error)}") from error

    def close(self) -> None:
        self._session = None
        self._local = threading.local()

    def _no_prior(self, shape: tuple[int, ...]) -> npt.NDArray[np.float32]:
        if shape not in self._empty:
            self._empty[shape] = np.zeros((1, 1, *shape[2:]), np.float32)
        return self._empty[shape]

    def _bound(self, shape: tuple[int, ...]) -> tuple[Any, npt.NDArray[np.float32]]:
        """This thread's binding with its output: a session may run in several threads, one output buffer may not."""
        if not hasattr(self._local, "bound"):
            self._local.bound = {}
        bound: dict[tuple[int, ...], tuple[Any, npt.NDArray[np.float32]]] = self._local.bound
        if shape not in bound:
            output = np.empty(self._answers[shape], np.float32)
            binding = self._session.io_binding()
            binding.bind_output(self._output.name, "cpu", 0, np.float32, output.shape, output.ctypes.data)
            bound[shape] = (binding, output)
        return bound[shape]

    def _session_options(self, ort: ModuleType) -> Any:
        options = ort.SessionOptions()
        try:
            options.log_severity_level = int(self.options["log_severity"])
            options.inter_op_num_threads = int(self.options["inter_threads"])
            options.intra_op_num_threads = self._threads
        except (TypeError, ValueError) as error:
            raise InputError(f"an option of onnxruntime is not a whole number: {error}") from None
        options.add_session_config_entry("session.intra_op.allow_spinning", "1" if self.options["spinning"] else "0")
        return options


def _create(ort: ModuleType, path: Path, options: Any, asked: list[Any]) -> Any:
    try:
        return ort.InferenceSession(str(path), options, providers=asked)
    except Exception as error:  # its errors share no base class but Exception
        raise ModelError(f"{path} cannot be loaded by ONNX Runtime {ort.__version__}: {_one_line(error)}") from error


def _static_shape(shape: list[Any]) -> tuple[int, ...] | None:
    """The output's shape, a batch of one; None where the network leaves a size open."""
    sizes = [1, *shape[1:]]
    return tuple(sizes) if all(isinstance(size, int) and size > 0 for size in sizes) else None


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
