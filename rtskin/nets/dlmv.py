"""dlmv: DeepLabV3's head on MobileNetV3-Large, with the names and shapes of torchvision's, so that its checkpoints fit.

Sources: DeepLabV3 with atrous spatial pyramid pooling (arXiv 1706.05587), MobileNetV3-Large with its last stage dilated
(arXiv 1905.02244). torchvision itself is not needed.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

#: (kernel, expanded channels, output channels, squeeze-and-excitation, Hardswish, stride, dilation) of MobileNetV3-Large,
#: whose last stage is dilated instead of strided: output stride 16.
_BLOCKS = (
    (3, 16, 16, False, False, 1, 1),
    (3, 64, 24, False, False, 2, 1),
    (3, 72, 24, False, False, 1, 1),
    (5, 72, 40, True, False, 2, 1),
    (5, 120, 40, True, False, 1, 1),
    (5, 120, 40, True, False, 1, 1),
    (3, 240, 80, False, True, 2, 1),
    (3, 200, 80, False, True, 1, 1),
    (3, 184, 80, False, True, 1, 1),
    (3, 184, 80, False, True, 1, 1),
    (3, 480, 112, True, True, 1, 1),
    (3, 672, 112, True, True, 1, 1),
    (5, 672, 160, True, True, 1, 2),
    (5, 960, 160, True, True, 1, 2),
    (5, 960, 160, True, True, 1, 2),
)
_STEM, _LAST, _HEAD = 16, 960, 256
_STRIDE = 16
#: The backbone's batch normalisation is not torch's default, the head's is.
_Norm = partial(nn.BatchNorm2d, eps=1e-3, momentum=0.01)
#: Dilations of the pyramid's three 3×3 branches.
_RATES = (12, 24, 36)


class Dlmv(nn.Module):
    """Logits: N×3×H×W float32 RGB in 0…1 (H and W multiples of 16) → N×1×H×W, bilinear from 1/16."""

    #: The published skin checkpoints divide by 255 and do nothing else.
    statistics: ClassVar = ((0.0,) * 3, (255.0,) * 3)

    def __init__(self) -> None:
        super().__init__()
        self.net = DeepLab()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # By a factor, not to a size: the exported graph then takes any.
        return F.interpolate(self.net(x), scale_factor=float(_STRIDE), mode="bilinear", align_corners=False)


class DeepLab(nn.Module):
    """Logits at 1/16."""

    def __init__(self) -> None:
        super().__init__()
        stem = _conv(3, _STEM, 3, stride=2, active=nn.Hardswish(True), norm=_Norm)
        inputs = (_STEM, *(block[2] for block in _BLOCKS))
        blocks = [Inverted(here, *block) for here, block in zip(inputs, _BLOCKS, strict=False)]
        self.backbone = nn.Sequential(stem, *blocks, _conv(inputs[-1], _LAST, 1, active=nn.Hardswish(True), norm=_Norm))
        self.classifier = nn.Sequential(
            Pyramid(_LAST, _HEAD),
            nn.Conv2d(_HEAD, _HEAD, 3, padding=1, bias=False),
            nn.BatchNorm2d(_HEAD),
            nn.ReLU(True),
            nn.Conv2d(_HEAD, 1, 1),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self.classifier(self.backbone(x))
        return logits


class Inverted(nn.Module):
    """Expand (1×1), filter each channel (k×k), weigh channels, project (1×1); added to its input where shapes agree."""

    def __init__(
        self, inputs: int, kernel: int, middle: int, outputs: int, squeeze: bool, hard: bool, stride: int, dilation: int
    ) -> None:
        super().__init__()
        active = nn.Hardswish if hard else nn.ReLU
        layers: list[nn.Module] = (
            [] if middle == inputs else [_conv(inputs, middle, 1, active=active(True), norm=_Norm)]
        )
        layers.append(_conv(middle, middle, kernel, stride, dilation, middle, active(True), _Norm))
        if squeeze:
            layers.append(Squeeze(middle))
        layers.append(_conv(middle, outputs, 1, norm=_Norm))
        self.block = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y: torch.Tensor = self.block(x)
        return x + y if self.residual else y


class Squeeze(nn.Module):
    """Squeeze-and-excitation: each channel times a gate that sees the whole picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        inner = max(8, int(channels / 4 + 4) // 8 * 8)
        # A multiple of 8 that is no more than a tenth below what was asked for.
        inner = inner + 8 if inner < 0.9 * channels / 4 else inner
        self.fc1 = nn.Conv2d(channels, inner, 1)
        self.fc2 = nn.Conv2d(inner, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return x * F.hardsigmoid(self.fc2(F.relu(self.fc1(F.adaptive_avg_pool2d(x, 1)))))


class Pyramid(nn.Module):
    """Atrous spatial pyramid pooling: 1×1, three dilated 3×3, and the mean of the picture."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        branches = [_conv(inputs, outputs, 1, active=nn.ReLU(True))]
        branches += [_conv(inputs, outputs, 3, dilation=rate, active=nn.ReLU(True)) for rate in _RATES]
        pooled = nn.Sequential(
            nn.AdaptiveAvgPool2d(1),
            nn.Conv2d(inputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(True),
        )
        self.convs = nn.ModuleList([*branches, pooled])
        self.project = nn.Sequential(
            nn.Conv2d(5 * outputs, outputs, 1, bias=False),
            nn.BatchNorm2d(outputs),
            nn.ReLU(True),
            nn.Dropout(0.5),
        )

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        *branches, pooled = self.convs
        seen = torch.cat([branch(x) for branch in branches], 1)
        # The projection of all five, with the mean's share added once to all pixels: the same sum, no copies of the mean,
        # and no size in the exported graph.
        convolution, norm, active, drop = self.project
        here, whole = convolution.weight.split([seen.shape[1], convolution.out_channels], 1)
        projected: torch.Tensor = drop(active(norm(F.conv2d(seen, here) + F.conv2d(_mean(pooled, x), whole))))
        return projected


def _mean(pooled: nn.Module, x: torch.Tensor) -> torch.Tensor:
    """The branch of the picture's mean; a batch of one has no variance to be normalised by, so it takes the known one."""
    if not pooled.training or len(x) > 1:
        return pooled(x)
    pooled.eval()
    try:
        return pooled(x)
    finally:
        pooled.train()


def _conv(
    inputs: int,
    outputs: int,
    kernel: int,
    stride: int = 1,
    dilation: int = 1,
    groups: int = 1,
    active: nn.Module | None = None,
    norm: Callable[[int], nn.Module] = nn.BatchNorm2d,
) -> nn.Sequential:
    padding = (kernel - 1) // 2 * dilation
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, padding, dilation, groups, bias=False),
        norm(outputs),
    ]
    return nn.Sequential(*layers, *([active] if active is not None else []))
