"""The decoder: from coarse to fine, beside the picture itself at every level, guided by where gradients are.

Source: BiRefNet (arXiv 2401.03407), section 3.3: the inward reference (the picture, cut into patches, so that nothing of it
is lost at any level) and the outward one (attention on what has gradients in the picture).
"""

from __future__ import annotations

from dataclasses import dataclass, field

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.nets.birefnet.aspp import INNER, Pyramid

#: Channels of the backbone's maps, coarse to fine, from both looks at the picture.
CHANNELS = (1536, 768, 384, 192)
#: The picture's patches at the levels 5 … 1 are so many pixels wide, and give so many channels.
_PATCHES = {5: (32, 192), 4: (16, 192), 3: (8, 96), 2: (4, 48), 1: (1, 24)}
_GUIDE = 16


@dataclass
class Levels:
    """What is supervised beside the mask, coarse to fine: logits N×1×h×w of the mask (``masks``) and of the gradients inside
    it (``gradients``)."""

    masks: list[torch.Tensor] = field(default_factory=list)
    gradients: list[torch.Tensor] = field(default_factory=list)


class Decoder(nn.Module):
    """Logits N×1×H×W of a picture N×3×H×W (sides multiples of 32) and the backbone's maps, fine to coarse.

    ``frugal``: see :class:`~rtskin.nets.birefnet.aspp.Pyramid`.
    """

    def __init__(self, frugal: bool = False) -> None:
        super().__init__()
        for level, (patch, outputs) in _PATCHES.items():
            self.add_module(f"ipt_blk{level}", Glance(3 * patch * patch, outputs))
        outputs_of = {4: CHANNELS[1], 3: CHANNELS[2], 2: CHANNELS[3], 1: CHANNELS[3] // 2}
        for level, inputs in zip((4, 3, 2, 1), CHANNELS, strict=True):
            self.add_module(f"decoder_block{level}", Block(inputs + _PATCHES[level + 1][1], outputs_of[level], frugal))
        self.conv_out1 = nn.Sequential(nn.Conv2d(outputs_of[1] + _PATCHES[1][1], 1, 1))
        for level, channels in zip((4, 3, 2), CHANNELS[1:], strict=True):
            self.add_module(f"lateral_block{level}", Lateral(channels))
            self.add_module(f"conv_ms_spvn_{level}", nn.Conv2d(channels, 1, 1))
            guide = nn.Conv2d(channels, _GUIDE, 3, padding=1)
            self.add_module(f"gdt_convs_{level}", nn.Sequential(guide, nn.BatchNorm2d(_GUIDE), nn.ReLU()))
            for kind in ("pred", "attn"):
                self.add_module(f"gdt_convs_{kind}_{level}", nn.Sequential(nn.Conv2d(_GUIDE, 1, 1)))

    def forward(self, x: torch.Tensor, maps: list[torch.Tensor], levels: Levels | None = None) -> torch.Tensor:
        """``levels`` is filled where there is one."""
        fine = list(maps)
        deep = fine.pop()
        for level in (4, 3, 2):
            seen = self.get_submodule(f"decoder_block{level}")(torch.cat([deep, self._glance(x, level + 1, deep)], 1))
            skip = fine.pop()
            side = self.get_submodule(f"lateral_block{level}")(skip)
            deep = enlarged(self._guided(seen, level, levels), skip) + side
        seen = self.get_submodule("decoder_block1")(torch.cat([deep, self._glance(x, 2, deep)], 1))
        return self._answer(x, seen)

    def _glance(self, x: torch.Tensor, level: int, like: torch.Tensor) -> torch.Tensor:
        return self.get_submodule(f"ipt_blk{level}")(patches(x, like))

    def _guided(self, seen: torch.Tensor, level: int, levels: Levels | None) -> torch.Tensor:
        guide = self.get_submodule(f"gdt_convs_{level}")(seen)
        if levels is not None:
            levels.masks.append(self.get_submodule(f"conv_ms_spvn_{level}")(seen))
            levels.gradients.append(self.get_submodule(f"gdt_convs_pred_{level}")(guide))
        return seen * self.get_submodule(f"gdt_convs_attn_{level}")(guide).sigmoid()

    def _answer(self, x: torch.Tensor, seen: torch.Tensor) -> torch.Tensor:
        """The last 1×1 convolution, on each of its two halves before they meet: enlarging one channel is what enlarging 96
        and weighing them is, and at full resolution that is a gigabyte less."""
        (last,) = self.conv_out1
        of_seen, of_picture = last.weight.split([seen.shape[1], _PATCHES[1][1]], 1)
        near = F.conv2d(self.get_submodule("ipt_blk1")(x), of_picture, last.bias)
        return near + enlarged(F.conv2d(seen, of_seen), x)


class Block(nn.Module):
    """A level of the decoder, and what squeezes the backbone's maps together: 3×3, pyramid, 3×3."""

    def __init__(self, inputs: int, outputs: int, frugal: bool = False) -> None:
        super().__init__()
        self.conv_in = nn.Conv2d(inputs, INNER, 3, padding=1)
        self.bn_in = nn.BatchNorm2d(INNER)
        self.dec_att = Pyramid(frugal)
        self.conv_out = nn.Conv2d(INNER, outputs, 3, padding=1)
        self.bn_out = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.bn_out(self.conv_out(self.dec_att(F.relu(self.bn_in(self.conv_in(x))))))


class Glance(nn.Module):
    """Two plain convolutions of the picture's patches."""

    def __init__(self, inputs: int, outputs: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, INNER, 3, padding=1)
        self.conv_out = nn.Conv2d(INNER, outputs, 3, padding=1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv_out(self.conv1(x))


class Lateral(nn.Module):
    """What the backbone saw at a level, weighed by channel."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels, channels, 1)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.conv(x)


def patches(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """The picture N×C×H×W cut into a grid of pieces of the size of ``like``, N×?×h×w: N×(C·pieces)×h×w, for each of the
    picture's channels one piece behind the other, row by row."""
    n, channels, height, width = x.shape
    h, w = like.shape[2:]
    rows, columns = height // h, width // w
    pieces = x.reshape(n, channels, rows, h, columns, w).transpose(3, 4)
    return pieces.reshape(n, channels * rows * columns, h, w)


def enlarged(x: torch.Tensor, like: torch.Tensor) -> torch.Tensor:
    """To the height and width of ``like``, corners on corners."""
    return F.interpolate(x, size=like.shape[2:], mode="bilinear", align_corners=True)
