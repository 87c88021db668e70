"""The little of CUDA's runtime that a TensorRT engine needs: a device, a stream, memory there and pinned memory here."""

from __future__ import annotations

import ctypes
from typing import Any

import numpy as np

from rtskin.errors import MissingExtraError, ModelError, RuntimeUnavailableError
from rtskin.infer.runtimes.devices import device_index

_TO_DEVICE, _TO_HOST = "cudaMemcpyHostToDevice", "cudaMemcpyDeviceToHost"


def require_cudart() -> Any:
    """cuda.bindings.runtime; MissingExtraError without."""
    try:
        from cuda.bindings import runtime
    except ImportError as error:
        raise MissingExtraError("cuda-bindings", "tensorrt", "running TensorRT's engines") from error
    return runtime


def select(cudart: Any, device: str) -> int:
    """The GPU's number, made the current one; RuntimeUnavailableError where it is not there. "auto" is the first."""
    error, count = cudart.cudaGetDeviceCount()
    if int(error) or not count:
        why = _text(cudart, error) if int(error) else "there is none"
        raise RuntimeUnavailableError(f"device {device!r}: CUDA finds no GPU ({why}); check the driver with nvidia-smi")
    index = device_index(device)
    if index >= count:
        raise RuntimeUnavailableError(f"device {device!r}: CUDA finds {count} GPUs, cuda:0 … cuda:{count - 1}")
    check(cudart, cudart.cudaSetDevice(index))
    return index


def check(cudart: Any, answer: tuple[Any, ...]) -> Any:
    """What a call answers beside its error; ModelError says what went wrong, and what to do where memory ran out."""
    error, *values = answer
    if int(error):
        text = _text(cudart, error)
        if "memory" in text:
            raise ModelError(f"the GPU is out of memory ({text}); use a smaller --size, or end what else runs there")
        raise ModelError(f"CUDA: {text}")
    return values[0] if values else None


def _text(cudart: Any, error: Any) -> str:
    _, text = cudart.cudaGetErrorString(error)
    return text.decode() if isinstance(text, bytes) else str(text)


class Stream:
    """An order of work on the GPU."""

    def __init__(self, cudart: Any) -> None:
        self._cudart = cudart
        self.handle = check(cudart, cudart.cudaStreamCreate())

    def wait(self) -> None:
        check(self._cudart, self._cudart.cudaStreamSynchronize(self.handle))

    def __del__(self) -> None:
        if hasattr(self, "handle"):
            self._cudart.cudaStreamDestroy(self.handle)


class Buffer:
    """Memory on the GPU and its twin here, which is pinned: copies between them go on while the GPU works.

    array: the twin, of ``shape`` and ``dtype``.
    """

    def __init__(self, cudart: Any, shape: tuple[int, ...], dtype: Any) -> None:
        self._cudart = cudart
        self._size = int(np.prod(shape)) * np.dtype(dtype).itemsize
        self.device = int(check(cudart, cudart.cudaMalloc(self._size)))
        self._host = int(check(cudart, cudart.cudaHostAlloc(self._size, 0)))
        memory = (ctypes.c_byte * self._size).from_address(self._host)
        self.array: np.ndarray[Any, Any] = np.frombuffer(memory, dtype).reshape(shape)

    def up(self, stream: Stream) -> None:
        self._copy(self.device, self._host, _TO_DEVICE, stream)

    def down(self, stream: Stream) -> None:
        self._copy(self._host, self.device, _TO_HOST, stream)

    def _copy(self, to: int, source: int, kind: str, stream: Stream) -> None:
        kinds = self._cudart.cudaMemcpyKind
        check(self._cudart, self._cudart.cudaMemcpyAsync(to, source, self._size, getattr(kinds, kind), stream.handle))

    def __del__(self) -> None:
        if hasattr(self, "device"):
            self._cudart.cudaFree(self.device)
        if hasattr(self, "_host"):
            self._cudart.cudaFreeHost(self._host)
