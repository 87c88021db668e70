"""Opening a session of ONNX Runtime, from the file or from what an earlier start made of it."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from rtskin.infer.runtimes.devices import CPU
from rtskin.infer.runtimes.load_errors import load_error
from rtskin.infer.runtimes.machine import machine
from rtskin.infer.runtimes.stored import Stored
from rtskin.infer.weights import digest


def open_session(
    ort: ModuleType, path: Path, options: Callable[[], Any], asked: list[Any], store: str | None = None
) -> Any:
    """A session for the ONNX file; ModelError where it cannot be loaded. options: makes new SessionOptions.

    store: the name to keep the optimised network under for the next start, which then need not optimise it again; None:
    nothing is kept. On a CPU only: elsewhere what is kept would depend on the driver too.
    """
    who = f"ONNX Runtime {ort.__version__}"
    if store is None or asked != [CPU]:
        return _create(ort, str(path), options(), asked, path, who)
    kept = Stored("optimised", store, {"weights": digest(path), "onnxruntime": ort.__version__, "machine": machine()})
    data = kept.read()
    if data is not None:
        ready = options()
        ready.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
        return _create(ort, data, ready, asked, path, who)
    with tempfile.TemporaryDirectory(prefix="rtskin-") as folder:
        made, target = options(), Path(folder) / "optimised.onnx"
        made.optimized_model_filepath = str(target)
        session = _create(ort, str(path), made, asked, path, who)
        kept.write(target.read_bytes())
    return session


def _create(ort: ModuleType, source: str | bytes, options: Any, asked: list[Any], path: Path, who: str) -> Any:
    try:
        return ort.InferenceSession(source, options, providers=asked)
    except Exception as error:  # its errors share no base class but Exception
        raise load_error(path, who, error) from error
