"""TensorRT's engines: built from an ONNX file for one shape and precision. With tensorrt-rtx that needs no GPU."""

from __future__ import annotations

import importlib
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

from rtskin.errors import InputError, MissingExtraError, ModelError
from rtskin.infer.card_input import times
from rtskin.infer.cards import Card
from rtskin.infer.runtimes.load_errors import load_error
from rtskin.infer.runtimes.machine import gpus
from rtskin.infer.runtimes.onnx_half import to_half
from rtskin.infer.runtimes.onnx_sampled import sampled
from rtskin.infer.runtimes.quantised import is_quantised
from rtskin.infer.runtimes.stored import Stored
from rtskin.infer.weights import checked_weights, digest
from rtskin.preprocess.fit import Shape

PRECISIONS = ("fp32", "fp16", "int8")
#: Seconds that one engine may take.
TIMEOUT = 600.0
#: What stands behind the name of weights whose 8-bit form for TensorRT lies beside them (rtskin.train.quantise writes it).
INT8_SUFFIX = ".int8-trt.onnx"
_FOR_CPUS = ".int8"

#: Called with the phase TensorRT is in and how much of it is done, 0 … 1.
Progress = Callable[[str, float], None]


@dataclass(frozen=True)
class Engine:
    """data: the serialized engine. seconds: what building took; None where it was there already. path: where it is kept."""

    data: bytes
    seconds: float | None
    path: Path


def require_tensorrt() -> ModuleType:
    """``tensorrt`` where it is installed, else ``tensorrt_rtx``; MissingExtraError without either."""
    for name in ("tensorrt", "tensorrt_rtx"):
        try:
            return importlib.import_module(name)
        except ImportError:
            continue
    raise MissingExtraError("tensorrt-rtx, or NVIDIA's tensorrt,", "tensorrt", "the tensorrt runtime")


def network_file(card: Card, precision: str) -> bytes:
    """The ONNX file to build from: the card's, the same in fp16, or the 8-bit one beside it; that too where the card's own
    is in 8 bits, as CPUs take them.

    InputError for a precision there is none of, ModelError where the 8-bit file is missing.
    """
    if precision not in PRECISIONS:
        raise InputError(f"tensorrt has no precision {precision!r}; there are: {', '.join(PRECISIONS)}")
    path = checked_weights(card)
    if is_quantised(path):
        precision = "int8"
    if precision == "fp16":
        return to_half(path)
    if precision == "int8":
        path = int8_file(path)
        if not path.is_file():
            raise ModelError(
                f"{card.name!r} has no 8-bit network for TensorRT: there is no {path}; "
                "python -m rtskin.train.quantise makes one"
            )
    return sampled(path) or path.read_bytes()


def int8_file(weights: Path) -> Path:
    """Where the 8-bit form for TensorRT lies: beside the weights, or beside their 8-bit form for CPUs. Another file in 8
    bits is taken for one."""
    if is_quantised(weights) and not weights.stem.endswith(_FOR_CPUS):
        return weights
    return weights.with_name(weights.stem.removesuffix(_FOR_CPUS) + INT8_SUFFIX)


def engine(
    card: Card,
    shape: Shape,
    precision: str = "fp32",
    *,
    timeout: float = TIMEOUT,
    progress: Progress = lambda phase, part: None,
) -> Engine:
    """The engine for pictures of ``shape`` (width, height): kept from before, or built and kept.

    ModelError where TensorRT cannot build it (operators it does not know are named), or not within ``timeout`` seconds.
    """
    trt = require_tensorrt()
    source = network_file(card, precision)
    kept = stored(trt, card, shape, precision)
    data = kept.read()
    if data is not None:
        return Engine(data, None, kept.path)
    begun = time.monotonic()
    data = build(trt, source, card, shape, timeout, progress)
    kept.write(data)
    return Engine(data, time.monotonic() - begun, kept.path)


def stored(trt: ModuleType, card: Card, shape: Shape, precision: str) -> Stored:
    """Where an engine is kept. tensorrt's are for one kind of GPU; tensorrt_rtx's are finished on the GPU they run on."""
    where = "any" if trt.__name__ == "tensorrt_rtx" else gpus()
    if is_quantised(checked_weights(card)):
        precision = "int8"
    key = {"weights": digest(checked_weights(card)), "shape": shape, "precision": precision, "gpu": where}
    if precision == "int8":
        key["int8"] = digest(int8_file(checked_weights(card)))
    return Stored("engines", card.name, {**key, "by": trt.__name__, "version": trt.__version__})


def build(trt: Any, source: bytes, card: Card, shape: Shape, timeout: float, progress: Progress) -> bytes:
    """The serialized engine of an ONNX file, its precisions those that the file says; errors as :func:`engine`."""
    path = checked_weights(card)
    log = _Log(trt)
    builder = trt.Builder(log.logger)
    network = builder.create_network(1 << int(trt.NetworkDefinitionCreationFlag.STRONGLY_TYPED))
    parser = trt.OnnxParser(network, log.logger)
    if not parser.parse(source):
        said = "; ".join(str(parser.get_error(number)) for number in range(parser.num_errors))
        raise load_error(path, f"TensorRT {trt.__version__}", said or log.last)
    config = builder.create_builder_config()
    config.add_optimization_profile(_profile(builder, network, shape))
    monitor = _monitor(trt, timeout, progress)
    config.progress_monitor = monitor
    built = builder.build_serialized_network(network, config)
    if built is None:
        if monitor.late.is_set():
            raise ModelError(
                f"TensorRT did not build {card.name!r} at {times(shape)} within {timeout:g} s; give it more time"
            )
        raise load_error(path, f"TensorRT {trt.__version__}", log.last or "it does not say why")
    return bytes(built)


def _profile(builder: Any, network: Any, shape: Shape) -> Any:
    """One shape, so that the engine is made for it."""
    profile = builder.create_optimization_profile()
    for number in range(network.num_inputs):
        entry = network.get_input(number)
        full = (1, int(entry.shape[1]), shape[1], shape[0])
        profile.set_shape(entry.name, full, full, full)
    return profile


class _Log:
    """TensorRT's messages: the last error is kept, and nothing is printed."""

    def __init__(self, trt: Any) -> None:
        self.last = ""
        outer = self

        class Logger(trt.ILogger):
            def log(self, severity: Any, message: str) -> None:
                if severity in (trt.ILogger.ERROR, trt.ILogger.INTERNAL_ERROR):
                    outer.last = message

        self.logger = Logger()


def _monitor(trt: Any, timeout: float, progress: Progress) -> Any:
    end = time.monotonic() + timeout

    class Monitor(trt.IProgressMonitor):
        """Called from several threads; stops the build where it answers False."""

        def __init__(self) -> None:
            super().__init__()
            self.late = threading.Event()
            self._steps: dict[str, int] = {}

        def phase_start(self, name: str, parent: str | None, steps: int) -> None:
            self._steps[name] = steps
            progress(name, 0.0)

        def step_complete(self, name: str, step: int) -> bool:
            if time.monotonic() > end:
                self.late.set()
                return False
            progress(name, (step + 1) / max(1, self._steps.get(name, 1)))
            return True

        def phase_finish(self, name: str) -> None:
            progress(name, 1.0)

    return Monitor()
