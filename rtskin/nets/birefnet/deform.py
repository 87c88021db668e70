"""Modulated deformable convolution (arXiv 1811.11168): each tap of the kernel looks where the picture tells it to.

In torch it is made of samplings of the map, row by row of the kernel, so that no more than a row's samples are in memory
at once. ONNX has an operator for it, DeformConv, which an export gets (:func:`as_operator`); for runtimes that do not know
it see rtskin.infer.runtimes.onnx_sampled.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

#: The first opset of ONNX that has the operator.
OPSET = 19
_whole = False


class DeformableConv2d(nn.Module):
    """N×C×H×W → N×outputs×H×W, with an offset and a weight (0 … 2) of its own for each tap at each place."""

    def __init__(self, inputs: int, outputs: int, kernel: int) -> None:
        super().__init__()
        self._padding = kernel // 2
        self.offset_conv = nn.Conv2d(inputs, 2 * kernel * kernel, kernel, padding=self._padding)
        self.modulator_conv = nn.Conv2d(inputs, kernel * kernel, kernel, padding=self._padding)
        self.regular_conv = nn.Conv2d(inputs, outputs, kernel, padding=self._padding, bias=False)
        # At first an ordinary convolution.
        for layer in (self.offset_conv, self.modulator_conv):
            nn.init.zeros_(layer.weight)
            if layer.bias is not None:
                nn.init.zeros_(layer.bias)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        offset, weights = self.offset_conv(x), 2 * self.modulator_conv(x).sigmoid()
        taps = self.regular_conv.weight
        if _whole:
            return torch.ops.rtskin.deform_conv(x, offset, weights, taps, self._padding)
        if offset.dtype == torch.float32:
            return deform_conv(x, offset, weights, taps, self._padding)
        # Half precision, of autocast, has too few digits for where to look.
        with torch.autocast(x.device.type, enabled=False):
            return deform_conv(x.float(), offset.float(), weights.float(), taps.float(), self._padding)


def deform_conv(
    x: torch.Tensor, offset: torch.Tensor, weights: torch.Tensor, taps: torch.Tensor, padding: int
) -> torch.Tensor:
    """N×C×H×W → N×O×H×W, stride 1, zeros around the map, bilinear between its pixels.

    offset: N×(2·k·k)×H×W, in pixels, for each tap down and then right. weights: N×(k·k)×H×W. taps: O×C×k×k.
    """
    n, channels, height, width = x.shape
    outputs, _, rows, columns = taps.shape
    down = torch.arange(height, device=x.device, dtype=x.dtype).view(height, 1)
    right = torch.arange(width, device=x.device, dtype=x.dtype).view(1, width)
    along = torch.arange(columns, device=x.device, dtype=x.dtype).view(columns, 1, 1) - padding
    total: torch.Tensor | None = None
    for row, (own, weight) in enumerate(zip(offset.chunk(rows, 1), weights.chunk(rows, 1), strict=True)):
        own = own.reshape(n, columns, 2, height, width)
        # grid_sample's own measure: -1 and 1 are the outer edges of the map.
        y = (2 * (own[:, :, 0] + (down + (row - padding))) + 1) / height - 1
        x_ = (2 * (own[:, :, 1] + (right + along)) + 1) / width - 1
        grid = torch.stack([x_, y], -1).view(n, columns * height, width, 2)
        seen = F.grid_sample(x, grid, mode="bilinear", padding_mode="zeros", align_corners=False)
        seen = seen.reshape(n, channels, columns, height, width) * weight[:, None]
        flat = taps[:, :, row].reshape(outputs, channels * columns, 1, 1)
        part = F.conv2d(seen.reshape(n, channels * columns, height, width), flat)
        total = part if total is None else total + part
    assert total is not None, "a kernel has at least one row"
    return total


@torch.library.custom_op("rtskin::deform_conv", mutates_args=())
def _operator(
    x: torch.Tensor, offset: torch.Tensor, weights: torch.Tensor, taps: torch.Tensor, padding: int
) -> torch.Tensor:
    """The same as one operator, which an export leaves whole."""
    return deform_conv(x, offset, weights, taps, padding)


@_operator.register_fake
def _(x: torch.Tensor, offset: torch.Tensor, weights: torch.Tensor, taps: torch.Tensor, padding: int) -> torch.Tensor:
    return x.new_empty(x.shape[0], taps.shape[0], *x.shape[2:])


def is_in(net: nn.Module) -> bool:
    """Has the network deformable convolutions."""
    return any(isinstance(module, DeformableConv2d) for module in net.modules())


@contextlib.contextmanager
def as_operator() -> Iterator[dict[Any, Any]]:
    """In the ``with``, networks call one operator for each deformable convolution; it gets the table that tells
    torch.onnx.export how to write it."""
    from onnxscript.onnx_opset import opset19 as op

    def written(x: Any, offset: Any, weights: Any, taps: Any, padding: int) -> Any:
        return op.DeformConv(x, taps, offset, None, weights, pads=[padding] * 4)

    global _whole
    _whole = True
    try:
        yield {torch.ops.rtskin.deform_conv.default: written}
    finally:
        _whole = False
