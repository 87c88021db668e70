"""Which ONNX Runtime is installed: none, one, or two that overwrite each other."""

from __future__ import annotations

import importlib
import importlib.metadata
from types import ModuleType

from rtskin.errors import MissingExtraError, RuntimeUnavailableError

#: Distributions that all write the folder ``onnxruntime``.
_ONE_OF = ("onnxruntime", "onnxruntime-gpu", "onnxruntime-directml", "onnxruntime-openvino", "onnxruntime-rocm")


def onnxruntime_distributions() -> dict[str, str]:
    """Name → version of every installed distribution that brings ``import onnxruntime``; more than one is a fault."""
    return {
        name: distribution.version for name in _ONE_OF for distribution in importlib.metadata.distributions(name=name)
    }


def conflict() -> str | None:
    """What to do where several are installed, in one line; None where all is well."""
    found = onnxruntime_distributions()
    if len(found) < 2:
        return None
    names = " ".join(sorted(found))
    return (
        f"{' and '.join(sorted(found))} are both installed and overwrite each other: "
        f"pip uninstall -y {names}, then pip install 'rtskin[gpu]' (NVIDIA) or 'rtskin[cpu]'"
    )


def require_onnxruntime() -> ModuleType:
    """The module; MissingExtraError without it, RuntimeUnavailableError where two distributions fight over it."""
    message = conflict()
    if message:
        raise RuntimeUnavailableError(message)
    try:
        module = importlib.import_module("onnxruntime")
        _ = module.InferenceSession  # what a half uninstall leaves is an empty namespace package
    except (ImportError, AttributeError) as error:
        raise MissingExtraError("onnxruntime, or onnxruntime-gpu from rtskin[gpu]", "cpu", "a network") from error
    return module
