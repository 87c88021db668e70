"""The backbone: Swin-T without its classifier, with the names of its published checkpoints.

Source: Swin Transformer (arXiv 2103.14030), figure 3, the tiny one: 96 channels, 2, 2, 6 and 2 blocks.
"""

from __future__ import annotations

from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.checkpoint import checkpoint

from rtskin.nets.birefnet import windows

CHANNELS = (96, 192, 384, 768)
_DEPTHS = (2, 2, 6, 2)
_HEADS = (3, 6, 12, 24)
_PATCH = 4
#: How often the last block is left out of a training step; the blocks before it less, in even steps.
_DROP = 0.2


class Swin(nn.Module):
    """N×3×H×W → maps at 1/4, 1/8, 1/16 and 1/32, N×C×h×w with the channels :data:`CHANNELS`; any sides, rounded up.

    ``frugal``: in training, blocks are computed again on the way back instead of kept (arXiv 1604.06174).
    """

    def __init__(self, frugal: bool = False) -> None:
        super().__init__()
        self.patch_embed = Embedding(CHANNELS[0])
        drops = [_DROP * number / (sum(_DEPTHS) - 1) for number in range(sum(_DEPTHS))]
        self.layers = nn.ModuleList()
        for level, (channels, depth, heads) in enumerate(zip(CHANNELS, _DEPTHS, _HEADS, strict=True)):
            own = [drops.pop(0) for _ in range(depth)]
            last = level == len(CHANNELS) - 1
            self.layers.append(Stage(channels, heads, own, not last, frugal))
            self.add_module(f"norm{level}", nn.LayerNorm(channels))
        self.apply(_initialise)

    def forward(self, x: torch.Tensor) -> list[torch.Tensor]:
        x = self.patch_embed(x)
        maps = []
        for level, stage in enumerate(self.layers):
            seen = stage(x)
            maps.append(self.get_submodule(f"norm{level}")(seen).permute(0, 3, 1, 2).contiguous())
            x = seen if stage.downsample is None else stage.downsample(seen)
        return maps


class Embedding(nn.Module):
    """Patches of 4×4 pixels as tokens: N×3×H×W → N×h×w×C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.proj = nn.Conv2d(3, channels, _PATCH, _PATCH)
        self.norm = nn.LayerNorm(channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[2:]
        x = F.pad(x, (0, -width % _PATCH, 0, -height % _PATCH))
        return self.norm(self.proj(x).permute(0, 2, 3, 1))


class Stage(nn.Module):
    """Blocks at one resolution, N×h×w×C → the same; ``downsample`` makes the next stage's map of it."""

    def __init__(self, channels: int, heads: int, drops: list[float], downsample: bool, frugal: bool) -> None:
        super().__init__()
        self._frugal = frugal
        self.blocks = nn.ModuleList(
            Block(channels, heads, shifted=bool(number % 2), drop=drop) for number, drop in enumerate(drops)
        )
        self.downsample = Merging(channels) if downsample else None

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        apart = windows.apart(windows.padded(x.shape[1]), windows.padded(x.shape[2]), x)
        for block in self.blocks:
            x = again(block, x, apart) if self._frugal and self.training else block(x, apart)
        return x


class Block(nn.Module):
    """Attention in windows, then two layers for each token; both are added to what came in."""

    def __init__(self, channels: int, heads: int, shifted: bool, drop: float) -> None:
        super().__init__()
        self._shift, self._drop = windows.WINDOW // 2 if shifted else 0, drop
        self.norm1 = nn.LayerNorm(channels)
        self.attn = windows.Attention(channels, heads)
        self.norm2 = nn.LayerNorm(channels)
        self.mlp = Mlp(channels)

    def forward(self, x: torch.Tensor, apart: torch.Tensor) -> torch.Tensor:
        x = x + self._left_out(self._attended(self.norm1(x), apart))
        return x + self._left_out(self.mlp(self.norm2(x)))

    def _attended(self, x: torch.Tensor, apart: torch.Tensor) -> torch.Tensor:
        height, width = x.shape[1:3]
        x = windows.padded_map(x)
        size, shift = x.shape[1:3], self._shift
        if shift:
            x = windows.turned(x, shift)
        x = windows.joined(self.attn(windows.split(x), apart if shift else None), *size)
        if shift:
            x = windows.turned(x, -shift)
        return x[:, :height, :width]

    def _left_out(self, x: torch.Tensor) -> torch.Tensor:
        """In training, nothing for some pictures, and more for the others (stochastic depth, arXiv 1603.09382)."""
        if not self.training or not self._drop:
            return x
        stays = torch.rand(len(x), 1, 1, 1, device=x.device) >= self._drop
        return x * stays / (1 - self._drop)


class Mlp(nn.Module):
    """Each token by itself, through four times as many channels."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.fc1 = nn.Linear(channels, 4 * channels)
        self.fc2 = nn.Linear(4 * channels, channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.fc2(F.gelu(self.fc1(x)))


class Merging(nn.Module):
    """Four neighbours as one token of twice the channels: N×h×w×C → N×h/2×w/2×2C."""

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.reduction = nn.Linear(4 * channels, 2 * channels, bias=False)
        self.norm = nn.LayerNorm(4 * channels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        x = F.pad(x, (0, 0, 0, x.shape[2] % 2, 0, x.shape[1] % 2))
        parts = [x[:, row::2, column::2] for column in (0, 1) for row in (0, 1)]
        return self.reduction(self.norm(torch.cat(parts, -1)))


def again(module: nn.Module, *inputs: torch.Tensor) -> Any:
    """What the module gives, computed again on the way back, so that nothing inside it is kept until then."""
    return checkpoint(module, *inputs, use_reentrant=False)


def _initialise(module: nn.Module) -> None:
    if isinstance(module, nn.Linear):
        nn.init.trunc_normal_(module.weight, std=0.02)
        if module.bias is not None:
            nn.init.zeros_(module.bias)
