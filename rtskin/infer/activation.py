"""From a network's numbers to probabilities: one pass over the channel that is skin, without the GIL."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.kernels.jit import njit

F32 = npt.NDArray[np.float32]


@njit(nogil=True, cache=True)
def clip(values: F32, channel: int, left: int, top: int, out: F32) -> None:
    """Probabilities already: C×h×w from (left, top) on → out, kept within 0 … 1. What is not a number becomes 0."""
    for y in range(out.shape[0]):
        source, target = values[channel, top + y], out[y]
        for x in range(target.size):
            value = source[left + x]
            value = value if value > np.float32(0) else np.float32(0)
            target[x] = value if value < np.float32(1) else np.float32(1)


@njit(nogil=True, cache=True)
def sigmoid(values: F32, channel: int, left: int, top: int, out: F32) -> None:
    """Logits of one class each."""
    one = np.float32(1)
    for y in range(out.shape[0]):
        source, target = values[channel, top + y], out[y]
        for x in range(target.size):
            value = source[left + x]
            target[x] = one / (one + np.exp(-value)) if value == value else np.float32(0)


@njit(nogil=True, cache=True)
def softmax(values: F32, channel: int, left: int, top: int, out: F32) -> None:
    """Logits of classes that exclude each other."""
    for y in range(out.shape[0]):
        for x in range(out.shape[1]):
            # 1 / Σ exp(other − own) needs no search for the largest: an overflow gives infinity, and 1 / ∞ is 0.
            own, total = values[channel, top + y, left + x], np.float32(0)
            for other in range(values.shape[0]):
                total += np.exp(values[other, top + y, left + x] - own)
            out[y, x] = np.float32(1) / total if total == total else np.float32(0)


ACTIVATIONS: dict[str, Any] = {"none": clip, "sigmoid": sigmoid, "softmax": softmax}
