"""torch, and the device that it is asked for."""

from __future__ import annotations

import logging
from typing import Any

from rtskin.errors import MissingExtraError, RuntimeUnavailableError

log = logging.getLogger("rtskin.infer")


def require_torch(purpose: str = "the torch runtime") -> Any:
    """The module torch, with what weights are read by; MissingExtraError where one is missing."""
    try:
        import onnx  # noqa: F401 - what the weights are read with
        import torch
    except ImportError as error:
        raise MissingExtraError("torch and onnx", "torch", purpose) from error
    return torch


def torch_device(torch: Any, device: str) -> str:
    """ "cpu" or "cuda:N" for "auto", "cpu", "cuda", "cuda:N": auto takes CUDA where torch can, and says so.
    RuntimeUnavailableError for CUDA that torch cannot have."""
    there = torch.cuda.is_available()
    if device == "auto":
        chosen = "cuda:0" if there else "cpu"
        log.info("device auto: chose %s", chosen)
        return chosen
    if device == "cpu":
        return device
    if torch.version.cuda is None:
        raise RuntimeUnavailableError(
            f"device {device!r}: the installed torch {torch.__version__} is built without CUDA; "
            "install one that has it, as https://pytorch.org says"
        )
    if not there:
        raise RuntimeUnavailableError(f"device {device!r}: torch sees no GPU; check the driver with nvidia-smi")
    count, number = torch.cuda.device_count(), int(device.partition(":")[2] or 0)
    if number >= count:
        raise RuntimeUnavailableError(f"device {device!r}: torch sees {count} GPUs, cuda:0 … cuda:{count - 1}")
    return f"cuda:{number}"
