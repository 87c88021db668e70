"""Atrous spatial pyramid pooling in which deformable convolutions of several sizes take the place of dilated ones.

Source: BiRefNet (arXiv 2401.03407), section 3.2; the pyramid itself: arXiv 1706.05587.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.nets.birefnet.deform import DeformableConv2d
from rtskin.nets.birefnet.swin import again

#: Channels inside a block of the decoder, and of each branch of its pyramid.
INNER, BRANCH = 64, 256
_KERNELS = (1, 3, 7)


class Branch(nn.Module):
    """A deformable convolution, batch normalisation, ReLU.

    ``frugal``: in training, what the convolution samples is sampled again on the way back instead of kept.
    """

    def __init__(self, inputs: int, outputs: int, kernel: int, frugal: bool = False) -> None:
        super().__init__()
        self._frugal = frugal
        self.atrous_conv = DeformableConv2d(inputs, outputs, kernel)
        self.bn = nn.BatchNorm2d(outputs)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # The normalisation is left out of that: it would count every batch twice.
        y = again(self.atrous_conv, x) if self._frugal and self.training else self.atrous_conv(x)
        return F.relu(self.bn(y))


class Pyramid(nn.Module):
    """N×64×H×W → the same: deformable kernels of 1, 1, 3 and 7, and the mean of the map, projected together.

    ``frugal``: see :class:`Branch`.
    """

    def __init__(self, frugal: bool = False) -> None:
        super().__init__()
        self.aspp1 = Branch(INNER, BRANCH, 1, frugal)
        self.aspp_deforms = nn.ModuleList(Branch(INNER, BRANCH, kernel, frugal) for kernel in _KERNELS)
        self.global_avg_pool = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Conv2d(INNER, BRANCH, 1, bias=False), nn.BatchNorm2d(BRANCH), nn.ReLU()
        )
        self.conv1 = nn.Conv2d((2 + len(_KERNELS)) * BRANCH, INNER, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(INNER)
        self.dropout = nn.Dropout(0.5)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        # The projection of all branches, added up branch by branch: the same sum without 1280 channels side by side.
        *shares, whole = self.conv1.weight.split(BRANCH, 1)
        total = F.conv2d(self._mean(x), whole)
        for branch, share in zip((self.aspp1, *self.aspp_deforms), shares, strict=True):
            total = total + F.conv2d(branch(x), share)
        return self.dropout(F.relu(self.bn1(total)))

    def _mean(self, x: torch.Tensor) -> torch.Tensor:
        """Of the whole map, N×256×1×1; a batch of one has no variance to be normalised by, so it takes the known one."""
        pool, layer, norm, active = self.global_avg_pool
        known = not norm.training or len(x) == 1
        y = layer(pool(x))
        y = (
            F.batch_norm(y, norm.running_mean, norm.running_var, norm.weight, norm.bias, eps=norm.eps)
            if known
            else norm(y)
        )
        return active(y)
