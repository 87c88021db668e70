"""region-net: a small classifier of crops with a mask.

Plain 3×3 convolutions with a stride of two, as in the first layers of ResNet (arXiv 1512.03385): at these sizes a depthwise
convolution saves arithmetic but no time.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import nn


class RegionNet(nn.Module):
    """Logits: float32 N×channels×S×S (S a multiple of 16) → N×classes. widths: of the layers at 1/2, 1/4, 1/8 and 1/16.

    The last layer is pooled over the whole crop and over the region's own mask (the last channel), so that what is beside
    the region is seen, but not taken for it.
    """

    def __init__(self, widths: Sequence[int] = (16, 24, 40, 64), channels: int = 4, classes: int = 3) -> None:
        super().__init__()
        one, two, three, four = widths
        self.stem = _conv(channels, one)
        self.down = nn.Sequential(
            _conv(one, two),
            Same(two),
            _conv(two, three),
            Same(three),
        )
        self.last = nn.Sequential(_conv(three, three, groups=three), _conv(three, four, kernel=1, stride=1))
        self.shrink = nn.AvgPool2d(16)
        self.drop = nn.Dropout(0.2)
        self.head = nn.Linear(2 * four, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        deep = self.last(self.down(self.stem(x)))
        inside = self.shrink(x[:, -1:])
        within = (deep * inside).sum((2, 3)) / (inside.sum((2, 3)) + 0.1)
        return self.head(self.drop(torch.cat([deep.mean((2, 3)), within], 1)))


class Same(nn.Module):
    """Filter each channel (3×3), mix them (1×1), add to what came in."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.body = nn.Sequential(
            _conv(width, width, stride=1, groups=width),
            nn.Conv2d(width, width, 1, bias=False),
            nn.BatchNorm2d(width),
        )
        self.active = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.active(x + self.body(x))


def _conv(inputs: int, outputs: int, stride: int = 2, kernel: int = 3, groups: int = 1) -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
        nn.ReLU(inplace=True),
    )
