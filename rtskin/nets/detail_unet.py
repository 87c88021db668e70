"""detail-unet: mobile-unet, and behind it a stage that sees every pixel.

mobile-unet decides four pixels at once, each by weights of its own, which a refiner's soft edges show: a comb of two pixels.
Here what it says is smoothed by as much as ends that, and what its edges lack is told by a few plain convolutions at the
picture's own size, which see the picture itself, the mask before and what the decoder knows, enlarged smoothly.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.nets.mobile_unet import Inverted, MobileUNet, conv_norm

#: 1-2-1 either way: nothing that changes sign from pixel to pixel comes through.
_SMOOTH = (0.25, 0.5, 0.25)


class DetailUNet(MobileUNet):
    """Logits: N×channels×H×W float32 (H and W multiples of 32) → N×classes×H×W; options as those of mobile-unet.

    ``planes``: channels that the decoder gives to full resolution; ``inner``: channels there.
    """

    smooth: torch.Tensor
    #: What a mobile-unet has not. As they are built they only smooth what it says, so this one can begin with its weights.
    grown = ("more", "smooth", "detail")

    def __init__(
        self, width: float = 1.0, channels: int = 3, classes: int = 1, planes: int = 8, inner: int = 16
    ) -> None:
        super().__init__(width, channels, classes)
        stem = self.head.in_channels
        self.more = nn.Sequential(
            Inverted(stem, 4 * stem, stem, 5, 1, squeeze=False), Inverted(stem, 4 * stem, stem, 3, 1, squeeze=False)
        )
        for block in self.more:
            nn.init.zeros_(block.layers[-1][1].weight)
        self.detail = Detail(stem, channels, classes, planes, inner)
        once = torch.tensor(_SMOOTH)
        self.register_buffer("smooth", torch.outer(once, once).expand(classes, 1, 3, 3).clone())

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        known = self.more(self.decoded(x))
        said = F.pad(F.pixel_shuffle(self.head(known), 2), (1, 1, 1, 1), mode="replicate")
        said = F.conv2d(said, self.smooth, groups=len(self.smooth))
        return said + self.detail(x, known, said)


class Detail(nn.Module):
    """What to add to logits (N×classes×H×W) at each pixel, from the picture and from what is known at half its size."""

    def __init__(self, known: int, channels: int, classes: int, planes: int, inner: int) -> None:
        super().__init__()
        self.enlarged = nn.Conv2d(known, planes, 1)
        self.first = conv_norm(planes + channels + classes, inner, 3)
        self.again = nn.Sequential(conv_norm(inner, inner, 3, groups=inner), conv_norm(inner, inner, 1))
        self.last = nn.Conv2d(inner, classes, 3, padding=1)
        nn.init.zeros_(self.last.weight)
        nn.init.zeros_(self.last.bias)

    def forward(self, picture: torch.Tensor, known: torch.Tensor, said: torch.Tensor) -> torch.Tensor:
        planes = F.interpolate(self.enlarged(known), scale_factor=2.0, mode="bilinear", align_corners=False)
        # Logits far from zero are sure; how far says no more.
        x = self.first(torch.cat([planes, picture, said.clamp(-4, 4)], 1))
        return self.last(x + self.again(x))
