"""From a device's name to what ONNX Runtime calls it, and how many threads to take on a CPU."""

from __future__ import annotations

import logging
import os
import re
from types import ModuleType
from typing import Any

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.infer.runtimes.installed import onnxruntime_distributions

log = logging.getLogger("rtskin.infer")

CPU, CUDA = "CPUExecutionProvider", "CUDAExecutionProvider"
_NAMES = r"auto|cpu|cuda(:\d+)?"


def check_device(device: str) -> str:
    """ "auto", "cpu", "cuda" or "cuda:N"; InputError for anything else."""
    if not re.fullmatch(_NAMES, device):
        raise InputError(f"no device is called {device!r}; there are: auto, cpu, cuda, cuda:0, cuda:1 …")
    return device


def providers(ort: ModuleType, device: str) -> list[Any]:
    """What to ask a session for. "cuda" without the provider is an error; "auto" takes CUDA where it is built in."""
    check_device(device)
    has_cuda = CUDA in ort.get_available_providers()
    if device.startswith("cuda"):
        if not has_cuda:
            raise RuntimeUnavailableError(f"device {device!r}: {_no_cuda()}")
        return [(CUDA, {"device_id": device_index(device)}), CPU]
    return [(CUDA, {"device_id": 0}), CPU] if device == "auto" and has_cuda else [CPU]


def device_index(device: str) -> int:
    return int(device.partition(":")[2] or 0)


def settle(device: str, asked: list[Any], got: list[str]) -> str:
    """The device a session really runs on: a provider that cannot start is left out by ONNX Runtime without an error."""
    if isinstance(asked[0], tuple) and asked[0][0] not in got:
        why = "CUDA did not start: check the driver with nvidia-smi, and that CUDA and cuDNN match onnxruntime-gpu"
        if device != "auto":
            raise RuntimeUnavailableError(f"device {device!r}: {why}")
        log.warning("running on the CPU: %s", why)
    real = f"cuda:{device_index(device)}" if CUDA in got else "cpu"
    if device == "auto":
        log.info("device auto: chose %s", real)
    return real


def default_threads(cores: int | None = None) -> int:
    """Intra-op threads of a CPU session.

    One on two cores or fewer, since decoding and rendering fill the other. Measured with a network of 4.8 ms, 720p at
    full pace, against one thread: two that sleep while they wait, 0.95 to 1.03 of the frames a second for 0.3 to 0.9 ms
    more CPU a frame (of 12); two that spin, 0.77 for 5.5 ms more; two workers of one thread each, 0.93 to 0.97. Above
    that half the cores, four at most: the networks are small and gain little beyond.
    """
    cores = cores or len(os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else range(os.cpu_count() or 1))
    return 1 if cores <= 2 else min(4, cores // 2)


def _no_cuda() -> str:
    if "onnxruntime-gpu" in onnxruntime_distributions():
        return "this onnxruntime-gpu was built without CUDA for this system"
    return "the installed onnxruntime has no CUDA: pip uninstall -y onnxruntime, then pip install 'rtskin[gpu]'"
