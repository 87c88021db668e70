"""The network on the device: half precision and channels last on a GPU, and one CUDA graph for each shape."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch

from rtskin.errors import InputError, ModelError, RuntimeUnavailableError, nearest
from rtskin.infer.base import RuntimeInfo
from rtskin.infer.cards import Card
from rtskin.infer.classes import Classes, channels_for
from rtskin.infer.runtimes.torch_net import TorchRuntime
from rtskin.infer.sizes import Size, shapes_for
from rtskin.nets.shipped import probabilities
from rtskin.preprocess.fit import Rect, scaled

PRECISIONS = ("auto", "fp32", "fp16")
#: Runs before a graph is recorded: libraries choose and allocate meanwhile.
_WARM = 3


class DeviceNetwork:
    """Callable: (1×3×h×w float32, where the picture lies in it) → the probability of skin there, float32 h×w in 0 … 1.

    What it answers may be written over by its next run. precision: "fp16" (NVIDIA only), "fp32", "auto": fp16 on CUDA.
    graphs: record a CUDA graph for each shape, which starts the whole network at once. A network that takes a prior gets an
    empty one.

    RuntimeUnavailableError: no such device, or the network is none that torch can run. ModelError: see TorchRuntime.
    """

    def __init__(
        self,
        card: Card,
        *,
        device: str,
        threads: int | None = None,
        precision: str = "auto",
        graphs: bool = True,
        size: Size = "live",
        classes: Classes | None = None,
    ) -> None:
        self.card, self.shapes = card, shapes_for(card.tensor, size)
        self._channels = channels_for(card, classes)
        self._runtime = TorchRuntime(card, device=device, threads=threads, options={}, shapes=self.shapes)
        self.device = torch.device(self._runtime.info.device)
        cuda = self.device.type == "cuda"
        self.precision = _precision(precision, cuda)
        self._tf32 = self.precision != "fp32"
        self._dtype = torch.float16 if self.precision == "fp16" else torch.float32
        self._shipped: Any = self._runtime.network
        self._shipped.requires_grad_(False).net.to(self._dtype)
        self._memory = torch.channels_last if cuda else torch.contiguous_format
        self._graphs: dict[tuple[int, ...], _Recorded] | None = {} if graphs and cuda else None

    @property
    def info(self) -> RuntimeInfo:
        """What it really runs on."""
        return RuntimeInfo("torch", str(self.device), self.precision, self._runtime.info.threads)

    def __call__(self, image: torch.Tensor, content: Rect) -> torch.Tensor:
        output = self._run(image)
        size = (output.shape[3], output.shape[2])
        left, top, width, height = scaled(content, (image.shape[3], image.shape[2]), size)
        return self._skin(output)[top : top + height, left : left + width]

    def warm_up(self) -> None:
        """Runs (and records) every shape; ModelError where it answers no number."""
        for width, height in self.shapes:
            blank = torch.zeros((1, 3, height, width), device=self.device)
            # Graphs are recorded on the current GPU.
            with self._current(), torch.backends.cudnn.flags(enabled=True, benchmark=True, allow_tf32=self._tf32):
                answer = self._run(blank)
            if not bool(torch.isfinite(answer).all()):
                raise ModelError(
                    f"{self.card.name!r} answers NaN or infinity in {self.precision}; use the precision fp32"
                    if self.precision == "fp16"
                    else f"{self.card.name!r} answers NaN or infinity to a blank picture; its weights are broken"
                )

    def close(self) -> None:
        """Gives the memory back; may be called twice."""
        self._shipped, self._graphs = None, None
        self._runtime.close()

    def _current(self) -> AbstractContextManager[Any]:
        return torch.cuda.device(self.device) if self.device.type == "cuda" else nullcontext()

    def _run(self, image: torch.Tensor) -> torch.Tensor:
        if self._graphs is None:
            return self._forward(image)
        recorded = self._graphs.get(tuple(image.shape))
        if recorded is None:
            recorded = self._graphs[tuple(image.shape)] = _Recorded(self._forward, image)
        return recorded(image)

    def _forward(self, image: torch.Tensor) -> torch.Tensor:
        # Normalised in float32: a half has steps of an eighth at 255.
        prior = torch.zeros_like(image[:, :1]) if self.card.tensor.prior else None
        x = self._shipped.normalised(image, prior).to(self._dtype, memory_format=self._memory)
        return probabilities(self._shipped.net(x).to(torch.float32))

    def _skin(self, output: torch.Tensor) -> torch.Tensor:
        """h×w: the card's channel, or the sum of the classes asked for."""
        activation = self.card.output.activation
        values = output[0]
        if activation == "softmax":
            values = values.softmax(0)
        elif activation == "sigmoid":
            values = values.sigmoid()
        first, *others = self._channels
        skin = values[first]
        for channel in others:
            skin = skin + values[channel]
        return torch.nan_to_num(skin, nan=0.0).clamp(0, 1)


class _Recorded:
    """Work of one shape as a CUDA graph: the same memory every time, written over by the next run."""

    def __init__(self, work: Any, image: torch.Tensor) -> None:
        self._given = image.clone()
        here = torch.cuda.current_stream(image.device)
        aside = torch.cuda.Stream(image.device)
        aside.wait_stream(here)
        with torch.cuda.stream(aside):
            for _ in range(_WARM):
                work(self._given)
        here.wait_stream(aside)
        self._graph: Any = torch.cuda.CUDAGraph()
        # Of this thread alone: others may allocate memory meanwhile.
        with torch.cuda.graph(self._graph, capture_error_mode="thread_local"):
            self._answer = work(self._given)

    def __call__(self, image: torch.Tensor) -> torch.Tensor:
        self._given.copy_(image)
        self._graph.replay()
        return self._answer


def _precision(asked: str, cuda: bool) -> str:
    if asked not in PRECISIONS:
        raise InputError(f"there is no precision {asked!r}{nearest(asked, PRECISIONS)}")
    if asked == "fp16" and not cuda:
        raise RuntimeUnavailableError("torch computes in fp16 on NVIDIA's GPUs; use precision fp32 on the CPU")
    return ("fp16" if cuda else "fp32") if asked == "auto" else asked
