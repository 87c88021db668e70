"""Lanes: how things get to a device, are worked on there, and come back."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from rtskin.frame import U8
from rtskin.gpu.slots import Slot
from rtskin.pool import BufferPool

Array = npt.NDArray[Any]


class Lanes:
    """On the CPU: everything is done when the call returns. :class:`CudaLanes` is the same with streams."""

    def __init__(self, device: str) -> None:
        self.device = torch.device(device)
        self._pool = BufferPool(allocate=self._host)

    def up(self, slot: Slot, name: str, array: Array) -> torch.Tensor:
        """The array on the device, in memory of the slot; it has been read when the call returns."""
        staging = slot.staging.get(name)
        if staging is None or staging.shape != array.shape or str(staging.dtype) != f"torch.{array.dtype}":
            staging = slot.staging[name] = torch.from_numpy(self._host(array.shape, array.dtype))
            slot.device.pop(name, None)
        np.copyto(staging.numpy(), array)
        return self._sent(slot, name, staging)

    @contextmanager
    def work(self, slot: Slot) -> Iterator[None]:
        """Inside, what is asked of the device comes after what was sent up for the slot."""
        with torch.no_grad():
            yield

    def down(self, slot: Slot, tensors: Sequence[torch.Tensor]) -> list[U8]:
        """Pooled arrays that these (uint8) come to; complete after :meth:`wait`."""
        arrays = [self._pool.take(tuple(tensor.shape), np.uint8) for tensor in tensors]
        for array, tensor in zip(arrays, tensors, strict=True):
            torch.from_numpy(array).copy_(tensor)
        return arrays

    def wait(self, slot: Slot) -> None:
        """Until all that was asked for the slot is done."""

    def drain(self) -> None:
        """Until all that was asked is done; memory that is spare goes back to the device."""

    def _host(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        """Memory here that copies start from and go to."""
        return np.empty(shape, dtype)

    def _sent(self, slot: Slot, name: str, staging: torch.Tensor) -> torch.Tensor:
        return staging


class CudaLanes(Lanes):
    """Three streams: one frame comes up while another is worked on and a third goes down. All memory here is pinned, so that
    copies take no time of this thread; each step waits on the device for the one before, and nothing waits here but
    :meth:`wait`. What the slot holds is used again only when its frame is done, so memory never passes between streams."""

    def __init__(self, device: str) -> None:
        super().__init__(device)
        self._up, self._work, self._down = (torch.cuda.Stream(self.device) for _ in range(3))

    @contextmanager
    def work(self, slot: Slot) -> Iterator[None]:
        self._event(slot, "up").record(self._up)
        with torch.cuda.stream(self._work), torch.no_grad():
            self._work.wait_event(slot.events["up"])
            yield
            self._event(slot, "worked").record(self._work)

    def down(self, slot: Slot, tensors: Sequence[torch.Tensor]) -> list[U8]:
        arrays = [self._pool.take(tuple(tensor.shape), np.uint8) for tensor in tensors]
        slot.held = list(tensors)  # until the copies are done: the next frame must not get their memory
        with torch.cuda.stream(self._down):
            self._down.wait_event(slot.events["worked"])
            for array, tensor in zip(arrays, tensors, strict=True):
                torch.from_numpy(array).copy_(tensor, non_blocking=True)
        self._event(slot, "done").record(self._down)
        return arrays

    def wait(self, slot: Slot) -> None:
        if "done" in slot.events:
            slot.events["done"].synchronize()

    def drain(self) -> None:
        torch.cuda.synchronize(self.device)
        torch.cuda.empty_cache()

    def _host(self, shape: tuple[int, ...], dtype: npt.DTypeLike) -> Array:
        kind = torch.from_numpy(np.empty(0, dtype)).dtype
        pinned: Array = torch.empty(shape, dtype=kind, pin_memory=True).numpy()
        return pinned

    def _sent(self, slot: Slot, name: str, staging: torch.Tensor) -> torch.Tensor:
        if name not in slot.device:
            slot.device[name] = torch.empty(staging.shape, dtype=staging.dtype, device=self.device)
        with torch.cuda.stream(self._up):
            slot.device[name].copy_(staging, non_blocking=True)
        return slot.device[name]

    def _event(self, slot: Slot, name: str) -> Any:
        if name not in slot.events:
            # Blocking: who waits sleeps, and leaves the core to the others.
            slot.events[name] = torch.cuda.Event(blocking=True)
        return slot.events[name]


def lanes_of(device: str) -> Lanes:
    """For "cpu" or "cuda:N"."""
    return CudaLanes(device) if device.startswith("cuda") else Lanes(device)
