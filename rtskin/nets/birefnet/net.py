"""birefnet-lite: the whole, with the names and shapes of its published checkpoints.

Source: BiRefNet (arXiv 2401.03407), figure 3; "lite" is the one with Swin-T (swin_v1_t).
"""

from __future__ import annotations

from typing import ClassVar

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.errors import InputError
from rtskin.nets.birefnet.decoder import CHANNELS, Block, Decoder, Levels, enlarged
from rtskin.nets.birefnet.swin import Swin

#: What the sides of a picture divide by.
MULTIPLE = 32


class BiRefNetLite(nn.Module):
    """Logits: N×3×H×W float32 RGB in 0…1 (H and W multiples of 32) → N×1×H×W.

    ``frugal``: in training, the insides of its blocks are computed again on the way back instead of kept, which takes a
    third more time and a fraction of the memory. Dropout and stochastic depth draw the same then.
    """

    #: The published skin checkpoints divide by 255 and do nothing else; upstream's take ImageNet's mean and spread.
    statistics: ClassVar = ((0.0,) * 3, (255.0,) * 3)
    #: Beginnings of the names of weights that the mask does not depend on.
    training_only: ClassVar = ("decoder.conv_ms_spvn_", "decoder.gdt_convs_pred_")

    def __init__(self, frugal: bool = False) -> None:
        super().__init__()
        self.bb = Swin(frugal)
        self.squeeze_module = nn.Sequential(Block(sum(CHANNELS), CHANNELS[0], frugal))
        self.decoder = Decoder(frugal)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        logits: torch.Tensor = self._decoded(x, None)
        return logits

    def supervised(self, x: torch.Tensor) -> tuple[torch.Tensor, Levels]:
        """(the logits, those that are supervised beside them)."""
        levels = Levels()
        return self._decoded(x, levels), levels

    def _decoded(self, x: torch.Tensor, levels: Levels | None) -> torch.Tensor:
        height, width = x.shape[2:]
        if height % MULTIPLE or width % MULTIPLE:
            raise InputError(f"birefnet-lite takes sides that are multiples of {MULTIPLE}, not {width}×{height}")
        *fine, deep = self._seen(x)
        context = [enlarged(one, deep) for one in fine]
        return self.decoder(x, [*fine, self.squeeze_module(torch.cat([*context, deep], 1))], levels)

    def _seen(self, x: torch.Tensor) -> list[torch.Tensor]:
        """The backbone's maps of the picture, and of the picture at half its size, one behind the other."""
        height, width = x.shape[2:]
        half = F.interpolate(x, size=(height // 2, width // 2), mode="bilinear", align_corners=True)
        both = zip(self.bb(x), self.bb(half), strict=True)
        return [torch.cat([near, enlarged(far, near)], 1) for near, far in both]
