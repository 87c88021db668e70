"""OpenVINO, on the CPU, or on Intel's GPU or NPU."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, ClassVar

from rtskin.errors import InputError, MissingExtraError, RuntimeUnavailableError
from rtskin.infer.runtimes.base import F32, Array, Runtime, RuntimeInfo
from rtskin.infer.runtimes.devices import kind_of
from rtskin.infer.runtimes.load_errors import load_error, one_line
from rtskin.infer.runtimes.machine import machine
from rtskin.infer.runtimes.onnx_sampled import sampled
from rtskin.infer.runtimes.ov_core import core
from rtskin.infer.runtimes.ov_stem import split_pixels
from rtskin.infer.runtimes.per_thread import PerThread
from rtskin.infer.runtimes.ports import Port
from rtskin.infer.runtimes.quantised import real_precision
from rtskin.infer.runtimes.signature import check_signature
from rtskin.infer.runtimes.stored import Stored
from rtskin.infer.runtimes.threads import default_threads
from rtskin.infer.weights import checked_weights, digest

log = logging.getLogger("rtskin.infer")

#: Precisions by the names that cards and tables use, and OpenVINO's.
_PRECISIONS = {"fp32": "f32", "bf16": "bf16", "fp16": "f16"}
#: What mends a device that OpenVINO does not show.
_MENDS = {"GPU": "Intel's compute runtime (intel-opencl-icd)", "NPU": "Intel's NPU driver (intel-level-zero-npu)"}


class OpenVino(Runtime):
    """A network compiled by OpenVINO for each shape, when the shape first comes.

    Measured with mobile-unet at 416×224, one thread, interleaved: fixed sizes 9.3 ms, sizes left open 10.5.

    options: ``precision``, "fp32" (the default: OpenVINO itself takes bf16 wherever the processor has it), "bf16" (the
    pixels of a network at full resolution come in two parts, see ov_stem), or "fp16" on a GPU or NPU; also written f32 and
    f16; an error where the device would not run it. ``store``: keep compiled networks for the next start.
    """

    name: ClassVar[str] = "openvino"
    devices: ClassVar[tuple[str, ...]] = ("cpu", "gpu", "npu")
    modules: ClassVar[tuple[str, ...]] = ("openvino",)
    defaults: ClassVar[Mapping[str, Any]] = {"precision": "fp32", "store": True}
    variants: ClassVar[tuple[Mapping[str, Any], ...]] = ({}, {"precision": "bf16"})

    def _load(self, device: str, threads: int | None) -> None:
        self._precision = _precision(self.options["precision"])
        ov = _require_openvino()
        self._core: Any = core()
        self._device = _found(self._core, device)
        path = checked_weights(self.card)
        self._threads = threads or default_threads() if self._device == "CPU" else None
        try:
            self._model: Any = self._core.read_model(sampled(path) or str(path))
        except Exception as error:  # its errors share no base class but Exception
            raise load_error(path, f"OpenVINO {ov.__version__.split('-')[0]}", error) from error
        inputs, outputs = (list(map(_port, values)) for values in (self._model.inputs, self._model.outputs))
        self._inputs, self._output = check_signature(self.card, path, inputs, outputs, self.shapes)
        self._path, self._who = path, f"OpenVINO {ov.__version__.split('-')[0]}"
        self._compiled: dict[tuple[int, ...], Any] = {}
        self._lock = threading.Lock()
        self._requests: PerThread[tuple[int, ...], Any] = PerThread(
            lambda shape: self._network(shape).create_infer_request()
        )
        width, height = self.shapes[0]
        first = self._network((1, 3, height, width))
        real = first.get_property("INFERENCE_PRECISION_HINT").get_type_name()
        where = self._device.lower().replace(".", ":")
        if real != _PRECISIONS[self._precision]:
            raise RuntimeUnavailableError(
                f"precision {self._precision!r}: this {where} has none, OpenVINO would run {real}"
            )
        self.info = RuntimeInfo(self.name, where, real_precision(path, self._precision), self._threads)

    def run(self, tensor: Array, prior: F32 | None = None) -> F32:
        feed = {self._inputs[0].name: tensor}
        if len(self._inputs) > 1:
            feed[self._inputs[1].name] = self._prior(tensor, prior)
        request = self._requests(tensor.shape)
        output: F32 = request.infer(feed, share_inputs=True, share_outputs=True)[self._output.name]
        return output

    def close(self) -> None:
        self._requests.clear()
        self._compiled.clear()
        self._model = self._core = None

    def _network(self, shape: tuple[int, ...]) -> Any:
        """Compiled for tensors of that shape, which is faster than for any, and all that an NPU knows."""
        with self._lock:
            if shape not in self._compiled:
                self._compiled[shape] = self._compile(shape)
            return self._compiled[shape]

    def _compile(self, shape: tuple[int, ...]) -> Any:
        """Read back where an earlier start kept it, which takes a quarter of the time that compiling does."""
        kept = self._kept(shape)
        data = kept.read() if kept is not None else None
        if kept is not None and data is not None:
            try:
                return self._core.import_model(data, self._device, self._settings())
            except Exception as error:
                log.warning("%s cannot be used (%s); it is made anew", kept.path, one_line(error))
        fixed = self._model.clone()
        sizes = {self._inputs[0].name: list(shape)}
        if len(self._inputs) > 1:
            sizes[self._inputs[1].name] = [1, 1, *shape[2:]]
        try:
            fixed.reshape(sizes)
            if self._splits_pixels():
                split_pixels(fixed)
            network = self._core.compile_model(fixed, self._device, self._settings())
        except Exception as error:
            raise load_error(self._path, self._who, error) from error
        if kept is not None:
            blob = network.export_model()
            kept.write(bytes(blob.getvalue() if hasattr(blob, "getvalue") else blob))
        return network

    def _splits_pixels(self) -> bool:
        """Where the network itself gets grey levels, and rounds them."""
        given = self.card.tensor
        return self._precision == "bf16" and (given.scale, given.mean, given.std) == (1.0, (0.0,) * 3, (1.0,) * 3)

    def _kept(self, shape: tuple[int, ...]) -> Stored | None:
        """Of the CPU alone: what is compiled for others depends on their drivers."""
        if not self.options["store"] or self._device != "CPU":
            return None
        key = {"weights": digest(self._path), "shape": shape, "settings": self._settings(), "by": self._who}
        if self._splits_pixels():
            key["pixels"] = "split"  # earlier ones were compiled without
        return Stored("openvino", self.card.name, {**key, "machine": machine()})

    def _settings(self) -> dict[str, Any]:
        settings: dict[str, Any] = {
            "INFERENCE_PRECISION_HINT": _PRECISIONS[self._precision],
            "PERFORMANCE_HINT": "LATENCY",
        }
        if self._threads is not None:
            # Not bound to cores: decoding and rendering want some too.
            settings |= {"INFERENCE_NUM_THREADS": self._threads, "ENABLE_CPU_PINNING": False}
        return settings


def _require_openvino() -> Any:
    try:
        import openvino
    except ImportError as error:
        raise MissingExtraError("openvino", "openvino", "the openvino runtime") from error
    return openvino


def _precision(asked: object) -> str:
    known = {**{name: name for name in _PRECISIONS}, **{theirs: ours for ours, theirs in _PRECISIONS.items()}}
    if not isinstance(asked, str) or asked not in known:
        raise InputError(f"openvino has no precision {asked!r}; there are: {', '.join(_PRECISIONS)}")
    return known[asked]


def _found(owner: Any, device: str) -> str:
    """What OpenVINO calls the device; RuntimeUnavailableError where it sees none of the kind. auto is the CPU: what a GPU
    or an NPU is worth, `rtskin tune` measures."""
    if device == "auto":
        log.info("device auto: chose cpu")
        return "CPU"
    kind, _, number = device.partition(":")
    wanted = kind.upper() + (f".{number}" if number else "")
    seen = owner.available_devices
    if wanted in seen or (not number and any(kind_of(one.replace(".", ":")) == wanted for one in seen)):
        return wanted
    mend = f"; a machine that has one needs {_MENDS[kind.upper()]}" if kind.upper() in _MENDS else ""
    raise RuntimeUnavailableError(f"device {device!r}: OpenVINO sees {', '.join(seen) or 'nothing'} here{mend}")


def _port(value: Any) -> Port:
    kind = {"f32": "float32", "u8": "uint8", "f16": "float16"}.get(
        value.element_type.get_type_name(), value.element_type.get_type_name()
    )
    shape = tuple(size.get_length() if size.is_static else None for size in value.partial_shape)
    return Port(value.any_name, kind, shape)
