"""u2net and u2netp: U²-Net, a U of Us, with the names and shapes of its published checkpoints.

Source: U²-Net (arXiv 2005.09007): residual U-blocks (figure 2c), the whole (figure 5).
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import torch
from torch import nn
from torch.nn import functional as F


class Stage(NamedTuple):
    """A residual U-block: its name, how deep (0: dilated instead), channels in, inside and out."""

    name: str
    height: int
    inputs: int
    middle: int
    outputs: int


#: height 0 is the dilated block, RSU-4F.
_DOWN, _UP = (7, 6, 5, 4, 0, 0), (7, 6, 5, 4, 0)


def _stages(down: tuple[tuple[int, int], ...], up: tuple[tuple[int, int], ...], channels: int) -> list[Stage]:
    """``down`` and ``up``: (inside, out) of the stages 1 … 6 and 1d … 5d."""
    inputs = (channels, *(out for _, out in down))
    found = [Stage(f"stage{k + 1}", _DOWN[k], inputs[k], *down[k]) for k in range(6)]
    deeper = (*(out for _, out in up[1:]), down[5][1])
    return found + [Stage(f"stage{k + 1}d", _UP[k], deeper[k] + down[k][1], *up[k]) for k in range(5)]


class U2Net(nn.Module):
    """Logits: N×channels×H×W float32, RGB in 0…1 (any H and W from 64) → N×1×H×W, all six sides fused.

    ``align_corners``: how things are enlarged inside: True in the published skin checkpoints, False upstream.
    """

    #: The published skin checkpoints divide by 255 and do nothing else; upstream's take ImageNet's mean and spread.
    statistics: ClassVar = ((0.0,) * 3, (255.0,) * 3)
    _down: ClassVar = ((32, 64), (32, 128), (64, 256), (128, 512), (256, 512), (256, 512))
    _up: ClassVar = ((16, 64), (32, 64), (64, 128), (128, 256), (256, 512))

    def __init__(self, channels: int = 3, align_corners: bool = True) -> None:
        super().__init__()
        for stage in _stages(self._down, self._up, channels):
            size = stage.inputs, stage.middle, stage.outputs
            block = Block(stage.height, *size, align_corners) if stage.height else Dilated(*size)
            self.add_module(stage.name, block)
        wide = (*(out for _, out in self._up), self._down[5][1])
        for number, out in enumerate(wide, 1):
            self.add_module(f"side{number}", nn.Conv2d(out, 1, 3, padding=1))
        self.outconv = nn.Conv2d(len(wide), 1, 1)
        self._align = align_corners

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.outconv(torch.cat(self.sides(x), 1))
        return logits

    def sides(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The six N×1×H×W logits that are fused, finest first: what deep supervision trains."""
        skips = [self.get_submodule("stage1")(x)]
        for number in range(2, 7):
            skips.append(self.get_submodule(f"stage{number}")(_halved(skips[-1])))
        deep = skips.pop()
        levels = [deep]
        for number in range(5, 0, -1):
            skip = skips.pop()
            deep = self.get_submodule(f"stage{number}d")(torch.cat([_like(deep, skip, self._align), skip], 1))
            levels.append(deep)
        logits = [self.get_submodule(f"side{number}")(level) for number, level in enumerate(levels[::-1], 1)]
        return [logits[0], *(_like(one, logits[0], self._align) for one in logits[1:])]


class U2NetP(U2Net):
    """The small one."""

    _down: ClassVar = ((16, 64),) * 6
    _up: ClassVar = ((16, 64),) * 5


class Block(nn.Module):
    """A residual U-block of ``height`` levels: the deepest is dilated, not pooled; its output is added to its input."""

    def __init__(self, height: int, inputs: int, middle: int, outputs: int, align_corners: bool) -> None:
        super().__init__()
        self._height, self._align = height, align_corners
        self.rebnconvin = Layer(inputs, outputs)
        for level in range(1, height):
            self.add_module(f"rebnconv{level}", Layer(outputs if level == 1 else middle, middle))
        self.add_module(f"rebnconv{height}", Layer(middle, middle, 2))
        for level in range(height - 1, 0, -1):
            self.add_module(f"rebnconv{level}d", Layer(2 * middle, outputs if level == 1 else middle))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        whole = self.rebnconvin(x)
        seen = [self.get_submodule("rebnconv1")(whole)]
        for level in range(2, self._height):
            seen.append(self.get_submodule(f"rebnconv{level}")(_halved(seen[-1])))
        back = self.get_submodule(f"rebnconv{self._height}")(seen[-1])
        for level in range(self._height - 1, 0, -1):
            skip = seen.pop()
            back = self.get_submodule(f"rebnconv{level}d")(torch.cat([_like(back, skip, self._align), skip], 1))
        out: torch.Tensor = back + whole
        return out


class Dilated(nn.Module):
    """RSU-4F: dilations 1, 2, 4 and 8 at one resolution."""

    def __init__(self, inputs: int, middle: int, outputs: int) -> None:
        super().__init__()
        self.rebnconvin = Layer(inputs, outputs)
        self.rebnconv1 = Layer(outputs, middle)
        self.rebnconv2 = Layer(middle, middle, 2)
        self.rebnconv3 = Layer(middle, middle, 4)
        self.rebnconv4 = Layer(middle, middle, 8)
        self.rebnconv3d = Layer(2 * middle, middle, 4)
        self.rebnconv2d = Layer(2 * middle, middle, 2)
        self.rebnconv1d = Layer(2 * middle, outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = self.rebnconvin(x)
        one = self.rebnconv1(x)
        two = self.rebnconv2(one)
        three = self.rebnconv3(two)
        back = self.rebnconv3d(torch.cat([self.rebnconv4(three), three], 1))
        back = self.rebnconv2d(torch.cat([back, two], 1))
        out: torch.Tensor = self.rebnconv1d(torch.cat([back, one], 1)) + x
        return out


class Layer(nn.Module):
    """3×3 convolution, batch normalisation, ReLU."""

    def __init__(self, inputs: int, outputs: int, dilation: int = 1) -> None:
        super().__init__()
        self.conv_s1 = nn.Conv2d(inputs, outputs, 3, padding=dilation, dilation=dilation)
        self.bn_s1 = nn.BatchNorm2d(outputs)
        self.relu_s1 = nn.ReLU(inplace=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.relu_s1(self.bn_s1(self.conv_s1(x)))


def _halved(x: torch.Tensor) -> torch.Tensor:
    return F.max_pool2d(x, 2, stride=2, ceil_mode=True)


def _like(x: torch.Tensor, other: torch.Tensor, align_corners: bool) -> torch.Tensor:
    """Enlarged to the other's height and width."""
    return F.interpolate(x, size=other.shape[2:], mode="bilinear", align_corners=align_corners)
