"""straight-u2net: blocks of U²-Net without their U. Everything happens at full resolution; context comes from dilation.

Sources: the dilated residual block is U²-Net's RSU-4F (arXiv 2005.09007, figure 2 and section 3.1); leaving out all pooling
is the published skin network StraightU²Net, whose widths, names and normalisation these are.

It sees 47 pixels around each pixel and nothing beyond, at about the arithmetic of networks ten times its parameters.
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn

#: Centre and spread of skin in RGB 0…1: what the published network normalises by.
_MEAN = (0.69662594, 0.5239926, 0.44156789)
_STD = (0.17165191, 0.18755298, 0.1873925)


class StraightU2Net(nn.Module):
    """Logits: N×3×H×W float32 RGB in 0…1 (any H and W) → N×1×H×W.

    ``base``: channels between blocks. ``mid``: inside them. ``blocks``: how many. ``dropout``: share of whole channels that
    are left out between them while training.
    """

    #: Its pictures are 0…1; the rest of the normalisation is in its buffers.
    statistics: ClassVar = ((0.0,) * 3, (255.0,) * 3)

    def __init__(self, base: int = 32, mid: int = 16, blocks: int = 2, dropout: float = 0.05) -> None:
        super().__init__()
        self.register_buffer("mean", torch.tensor(_MEAN).view(1, 3, 1, 1))
        self.register_buffer("std", torch.tensor(_STD).view(1, 3, 1, 1))
        self.stem = nn.Sequential(nn.Conv2d(3, base, 3, padding=1, bias=False), nn.BatchNorm2d(base), nn.ReLU(True))
        layers: list[nn.Module] = []
        for _ in range(blocks):
            layers += [Dilated(base, mid, base), nn.Dropout2d(dropout)]
        self.blocks = nn.Sequential(*layers)
        self.head = nn.Conv2d(base, 1, 1)
        # Skin is rare, see mobile-unet.
        nn.init.constant_(self.head.bias, -2.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.stem((x - self.mean) / self.std)
        logits: torch.Tensor = self.head(self.blocks(x))
        return logits


class Dilated(nn.Module):
    """RSU-4F: four convolutions of dilation 1, 2, 4 and 8, and back by three with skips, added to their input."""

    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__()
        self.in_proj = Layer(inputs, outputs)
        self.c1 = Layer(outputs, middle)
        self.c2 = Layer(middle, middle, 2)
        self.c3 = Layer(middle, middle, 4)
        self.c4 = Layer(middle, middle, 8)
        self.d3 = Layer(2 * middle, middle, 4)
        self.d2 = Layer(2 * middle, middle, 2)
        self.d1 = Layer(2 * middle, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.in_proj(x)
        one = self.c1(x)
        two = self.c2(one)
        three = self.c3(two)
        back = self.d3(torch.cat([self.c4(three), three], 1))
        back = self.d2(torch.cat([back, two], 1))
        return x + self.d1(torch.cat([back, one], 1))


class Layer(nn.Module):
    """3×3 convolution without a bias, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation, bias=False)
        self.bn = nn.BatchNorm2d(outputs)
        self.act = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.act(self.bn(self.conv(x)))
