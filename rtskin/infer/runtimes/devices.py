"""Devices by name, and what ONNX Runtime calls them."""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.infer.runtimes.installed import onnxruntime_distributions

log = logging.getLogger("rtskin.infer")

CPU, CUDA, TENSORRT = "CPUExecutionProvider", "CUDAExecutionProvider", "TensorrtExecutionProvider"
_NAMES = r"auto|cpu|(cuda|gpu)(:\d+)?|npu"
#: Which runtimes to name where one does not have the device.
_WHO = {"cuda": "onnxruntime, torch or tensorrt", "gpu": "openvino", "npu": "openvino"}


def check_device(device: str) -> str:
    """ "auto", "cpu", "cuda" or "cuda:N" (NVIDIA), "gpu", "gpu:N" or "npu" (Intel); InputError for anything else."""
    if not re.fullmatch(_NAMES, device):
        raise InputError(
            f"no device is called {device!r}; there are: auto, cpu, cuda, cuda:0, cuda:1 … (NVIDIA), gpu, npu (Intel)"
        )
    return device


def kind_of(device: str) -> str:
    """cuda of cuda:1."""
    return device.partition(":")[0]


def device_index(device: str) -> int:
    return int(device.partition(":")[2] or 0)


def require_device(runtime: str, device: str, kinds: Sequence[str]) -> None:
    """InputError for what is no device, RuntimeUnavailableError for one of a kind that the runtime does not know."""
    kind = kind_of(check_device(device))
    if kind in ("auto", *kinds):
        return
    other = f"; --runtime {_WHO[kind]} may have it" if kind in _WHO else ""
    raise RuntimeUnavailableError(f"the {runtime} runtime has no device {device!r}, only {' and '.join(kinds)}{other}")


def providers(ort: ModuleType, device: str, tensorrt: bool = False, cuda: Mapping[str, Any] | None = None) -> list[Any]:
    """What to ask a session for. "cuda" without the provider is an error; "auto" takes CUDA where it is built in.

    tensorrt: TensorRT in front of CUDA. cuda: further settings of the CUDA provider.
    """
    require_device("onnxruntime", device, ("cpu", "cuda"))
    built_in = ort.get_available_providers()
    wanted = CUDA in built_in if device == "auto" else device.startswith("cuda")
    if tensorrt and not wanted:
        raise RuntimeUnavailableError(
            f"TensorRT runs on NVIDIA's GPUs: device {device!r} is none that this onnxruntime has"
        )
    if not wanted:
        return [CPU]
    if CUDA not in built_in:
        raise RuntimeUnavailableError(f"device {device!r}: {_no_cuda()}")
    if tensorrt and TENSORRT not in built_in:
        raise RuntimeUnavailableError("the installed onnxruntime has no TensorRT: pip install 'rtskin[gpu]'")
    index = {"device_id": device_index(device)}
    return [*([(TENSORRT, index)] if tensorrt else []), (CUDA, {**index, **(cuda or {})}), CPU]


def settle(device: str, asked: list[Any], got: list[str]) -> str:
    """The device a session really runs on: a provider that cannot start is left out by ONNX Runtime without an error."""
    missing = [name for name, _ in (one for one in asked if isinstance(one, tuple)) if name not in got]
    if missing:
        which = "CUDA" if CUDA in missing else "TensorRT"
        needs = "CUDA and cuDNN match" if which == "CUDA" else "the TensorRT libraries are installed and match"
        why = f"{which} did not start: check the driver with nvidia-smi, and that {needs} onnxruntime-gpu"
        if device != "auto":
            raise RuntimeUnavailableError(f"device {device!r}: {why}")
        log.warning("running on %s: %s", "CUDA" if CUDA in got else "the CPU", why)
    real = f"cuda:{device_index(device)}" if CUDA in got else "cpu"
    if device == "auto":
        log.info("device auto: chose %s", real)
    return real


def _no_cuda() -> str:
    if "onnxruntime-gpu" in onnxruntime_distributions():
        return "this onnxruntime-gpu was built without CUDA for this system"
    return "the installed onnxruntime has no CUDA: pip uninstall -y onnxruntime, then pip install 'rtskin[gpu]'"
