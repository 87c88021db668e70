"""mobile-unet: an encoder of MobileNetV3's inverted residuals and a light decoder with added skips.

Sources: inverted residuals, Hardswish and squeeze-and-excitation from MobileNetV3 (arXiv 1905.02244), the U shape from
U-Net (arXiv 1505.04597), the sub-pixel head from ESPCN (arXiv 1609.05158).

On a CPU the time goes into depthwise convolutions at high resolution, so there is one block at 1/2 resolution, in the
decoder, and it is narrow. Its four output channels are the four pixels of a 2×2 cell: full-resolution contours for the
price of half-resolution arithmetic.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

#: (kernel, expanded channels, output channels, stride, squeeze-and-excitation) at width 1.
_ENCODER = (
    (3, 16, 24, 2, False),  # 1/4
    (3, 64, 24, 1, False),
    (5, 64, 40, 2, False),  # 1/8
    (3, 96, 40, 1, False),
    (3, 160, 64, 2, True),  # 1/16
    (5, 192, 64, 1, True),
    (5, 192, 64, 1, True),
    (5, 288, 96, 2, True),  # 1/32
    (5, 384, 96, 1, True),
    (5, 384, 96, 1, True),
)
_STEM = 16


class MobileUNet(nn.Module):
    """Logits: N×channels×H×W float32 (H and W multiples of 32) → N×classes×H×W.

    ``width`` scales all channels inside. ``channels`` of the input: 3 are normalised RGB; a fourth is what was skin a
    moment ago, 0…1. ``classes``: 1 is skin; more are classes that exclude each other, for a softmax.
    """

    def __init__(self, width: float = 1.0, channels: int = 3, classes: int = 1) -> None:
        super().__init__()
        stem = _round(_STEM * width)
        self.stem = conv_norm(channels, stem, 3, stride=2)
        self.encoder = nn.ModuleList()
        here, widths = stem, [stem]
        for kernel, middle, out, stride, squeeze in _ENCODER:
            block = Inverted(here, _round(middle * width), _round(out * width), kernel, stride, squeeze)
            if stride == 2:
                self.encoder.append(nn.Sequential())
                widths.append(_round(out * width))
            self.encoder[-1].append(block)
            here = _round(out * width)
        self.ups = nn.ModuleList(Up(deep, skip) for deep, skip in zip(widths[:0:-1], widths[-2::-1], strict=True))
        self.head = nn.Conv2d(stem, 4 * classes, 1)
        # Skin is rare: starting from "about 10 %" spares the first hundred steps.
        nn.init.constant_(self.head.bias, -2.0 if classes == 1 else 0.0)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return F.pixel_shuffle(self.head(self.decoded(x)), 2)

    def decoded(self, x: torch.Tensor) -> torch.Tensor:
        """What the head is given: N×stem×H/2×W/2."""
        skips = [self.stem(x)]
        for stage in self.encoder:
            skips.append(stage(skips[-1]))
        x = skips.pop()
        for up in self.ups:
            x = up(x, skips.pop())
        return x


class Inverted(nn.Module):
    """Expand (1×1), filter each channel (k×k), weigh channels, project (1×1).

    Added to its input where shapes agree; nothing is expanded where ``middle`` equals ``inputs``.
    """

    def __init__(self, inputs: int, middle: int, outputs: int, kernel: int, stride: int, squeeze: bool) -> None:
        super().__init__()
        layers: list[nn.Module] = [] if middle == inputs else [conv_norm(inputs, middle, 1)]
        layers.append(conv_norm(middle, middle, kernel, stride, groups=middle))
        if squeeze:
            layers.append(Squeeze(middle))
        layers.append(conv_norm(middle, outputs, 1, active=False))
        self.layers = nn.Sequential(*layers)
        self.residual = stride == 1 and inputs == outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        y = self.layers(x)
        return x + y if self.residual else y


class Squeeze(nn.Module):
    """Squeeze-and-excitation: each channel times a gate that sees the whole picture."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.down = nn.Conv2d(channels, _round(channels / 4), 1)
        self.up = nn.Conv2d(_round(channels / 4), channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        gate = F.relu(self.down(F.adaptive_avg_pool2d(x, 1)))
        return x * F.hardsigmoid(self.up(gate))


class Up(nn.Module):
    """From one decoder level to the next finer: project, ×2 bilinear, add the skip, filter (3×3 depthwise and 1×1)."""

    def __init__(self, deep: int, skip: int) -> None:
        super().__init__()
        self.project = conv_norm(deep, skip, 1, active=False)
        self.filter = nn.Sequential(conv_norm(skip, skip, 3, groups=skip), conv_norm(skip, skip, 1))

    def forward(self, x: torch.Tensor, skip: torch.Tensor) -> torch.Tensor:
        x = F.interpolate(self.project(x), scale_factor=2.0, mode="bilinear", align_corners=False)
        x = x + skip
        return x + self.filter(x)


def conv_norm(
    inputs: int, outputs: int, kernel: int, stride: int = 1, groups: int = 1, active: bool = True
) -> nn.Sequential:
    """A convolution that keeps the size (divided by ``stride``), batch normalisation, and Hardswish if ``active``."""
    layers: list[nn.Module] = [
        nn.Conv2d(inputs, outputs, kernel, stride, kernel // 2, groups=groups, bias=False),
        nn.BatchNorm2d(outputs),
    ]
    if active:
        layers.append(nn.Hardswish(inplace=True))
    return nn.Sequential(*layers)


def _round(channels: float) -> int:
    """To a multiple of 8, which is what vector units like."""
    return max(8, int(channels + 4) // 8 * 8)
