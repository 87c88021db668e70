"""Attention in windows, every second time shifted by half a window.

Source: Swin Transformer (arXiv 2103.14030), sections 3.1 and 3.2.
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

WINDOW = 7
#: Added to what tokens from two ends of the picture, brought together by the shift, are to each other.
_APART = -100.0


class Attention(nn.Module):
    """Multi-head attention among the tokens of a window, with a bias that their distance chooses: W×49×C → W×49×C."""

    relative_position_index: torch.Tensor

    def __init__(self, channels: int, heads: int) -> None:
        super().__init__()
        self._heads = heads
        self.relative_position_bias_table = nn.Parameter(torch.zeros((2 * WINDOW - 1) ** 2, heads))
        self.register_buffer("relative_position_index", _distances())
        self.qkv = nn.Linear(channels, 3 * channels)
        self.proj = nn.Linear(channels, channels)
        nn.init.trunc_normal_(self.relative_position_bias_table, std=0.02)

    def forward(self, x: torch.Tensor, apart: torch.Tensor | None) -> torch.Tensor:
        """``apart``: what :func:`apart` says of the windows of one picture; None where nothing was shifted."""
        count, tokens, channels = x.shape
        q, k, v = self.qkv(x).view(count, tokens, 3, self._heads, channels // self._heads).permute(2, 0, 3, 1, 4)
        affinity = (q * (channels // self._heads) ** -0.5) @ k.transpose(-2, -1)
        affinity = affinity + self._bias()
        if apart is not None:
            windows = affinity.view(-1, len(apart), self._heads, tokens, tokens)
            affinity = (windows + apart[:, None]).view(count, self._heads, tokens, tokens)
        seen: torch.Tensor = (affinity.softmax(-1) @ v).transpose(1, 2).reshape(count, tokens, channels)
        return self.proj(seen)

    def _bias(self) -> torch.Tensor:
        """heads×49×49."""
        tokens = WINDOW * WINDOW
        rows = self.relative_position_bias_table[self.relative_position_index.flatten()]
        return rows.view(tokens, tokens, self._heads).permute(2, 0, 1)


def split(x: torch.Tensor) -> torch.Tensor:
    """N×H×W×C, sides multiples of the window → (N·windows)×49×C."""
    n, h, w, c = x.shape
    x = x.reshape(n, h // WINDOW, WINDOW, w // WINDOW, WINDOW, c).transpose(2, 3)
    return x.reshape(-1, WINDOW * WINDOW, c)


def joined(windows: torch.Tensor, height: int, width: int) -> torch.Tensor:
    """What :func:`split` took apart: N×height×width×C."""
    x = windows.view(-1, height // WINDOW, width // WINDOW, WINDOW, WINDOW, windows.shape[-1])
    return x.transpose(2, 3).reshape(-1, height, width, windows.shape[-1])


def turned(x: torch.Tensor, by: int) -> torch.Tensor:
    """N×H×W×C with its first ``by`` rows and columns moved behind the last (below 0: back again). torch's roll is the same,
    and a dozen nodes in an exported graph."""
    for axis in (1, 2):
        first, rest = x.tensor_split((by,), axis)
        x = torch.cat([rest, first], axis)
    return x


def padded(size: int) -> int:
    """The next multiple of the window."""
    return -(-size // WINDOW) * WINDOW


def apart(height: int, width: int, like: torch.Tensor) -> torch.Tensor:
    """For a shifted map of height×width (multiples of the window): windows×49×49, 0 for tokens that were neighbours before
    the shift, else far below 0."""
    rows, columns = (_parts(size, like.device) for size in (height, width))
    parts = split((3 * rows[:, None] + columns)[None, :, :, None])[..., 0]
    return (parts[:, None] != parts[:, :, None]).to(like.dtype) * _APART


def _parts(size: int, device: torch.device) -> torch.Tensor:
    """Of a side: 0 for what stayed beside its neighbours, 1 and 2 for the two halves of the last window."""
    places = torch.arange(size, device=device)
    return (places >= size - WINDOW).long() + (places >= size - WINDOW // 2).long()


def _distances() -> torch.Tensor:
    """int64 49×49: the row of the bias table for each pair of tokens."""
    y, x = torch.meshgrid(torch.arange(WINDOW), torch.arange(WINDOW), indexing="ij")
    y, x = y.flatten(), x.flatten()
    down, right = (side[:, None] - side[None] + WINDOW - 1 for side in (y, x))
    return down * (2 * WINDOW - 1) + right


def padded_map(x: torch.Tensor) -> torch.Tensor:
    """N×H×W×C with zeros below and to the right, up to multiples of the window."""
    height, width = x.shape[1:3]
    return F.pad(x, (0, 0, 0, padded(width) - width, 0, padded(height) - height))
