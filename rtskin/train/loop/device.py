"""Where a training runs, and in which arithmetic."""

from __future__ import annotations

from typing import Any

import torch

from rtskin.errors import RuntimeUnavailableError

_TYPES = {"bf16": torch.bfloat16, "fp16": torch.float16}


def choose(name: str) -> torch.device:
    """The device that a recipe or an option names: ``auto`` (a GPU where there is one), ``cpu`` or ``cuda``.

    RuntimeUnavailableError where ``cuda`` was asked for and cannot be had.
    """
    if name == "cuda" and not torch.cuda.is_available():
        why = "this torch was built without CUDA" if torch.version.cuda is None else "no GPU can be used here"
        raise RuntimeUnavailableError(
            f"device cuda cannot be had: {why}; train with --device cpu, or install a torch with CUDA where a GPU is"
        )
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    return torch.device(name)


def arithmetic(precision: str, device: torch.device) -> Any:
    """The torch.dtype that the network computes in under autocast; None: float32, no autocast.

    ``auto`` is bfloat16 on a GPU that has it, else float32: on CPUs its backward pass is slower.
    """
    if precision == "auto":
        precision = "bf16" if device.type == "cuda" and torch.cuda.is_bf16_supported() else "fp32"
    return _TYPES.get(precision)
