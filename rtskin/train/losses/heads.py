"""Extra outputs that exist only while a network is trained: the mask's edge, and masks at coarser levels.

They read the network's decoder from outside and are no part of it: its state, its average and what is exported do not know
them.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.errors import InputError

#: Where networks keep the levels of their decoder, coarse to fine.
LEVELS = "ups"
#: A size that every network takes; channels do not depend on it.
_SIDE = 64


class Heads(nn.Module):
    """Heads on the decoder of ``net``: an ``edge`` head at the finest level, and masks (``deep``) at all others.

    InputError: the network has no decoder levels that can be read.
    """

    def __init__(self, net: nn.Module, edge: bool, deep: bool) -> None:
        super().__init__()
        channels = _channels(net)
        # As the mask's own head: four channels are the pixels of a 2×2 cell.
        self.edge_head = nn.Conv2d(channels[-1], 4, 1) if edge else None
        self.deep_heads = nn.ModuleList(nn.Conv2d(count, 1, 1) for count in channels[:-1] if deep)
        for head in self.modules():
            if isinstance(head, nn.Conv2d) and head.bias is not None:
                nn.init.constant_(head.bias, -2.0)
        self.to(next(net.parameters()).device)

    def edge(self, levels: list[torch.Tensor]) -> torch.Tensor:
        """Logits of the edge, N×1×H×W, from what :func:`watched` saw."""
        assert self.edge_head is not None
        return F.pixel_shuffle(self.edge_head(levels[-1]), 2)

    def deep(self, levels: list[torch.Tensor]) -> list[torch.Tensor]:
        """Logits of the mask at the coarser levels, N×1×h×w each."""
        return [head(level) for head, level in zip(self.deep_heads, levels[:-1], strict=True)]


@contextlib.contextmanager
def watched(net: nn.Module) -> Iterator[list[torch.Tensor]]:
    """A list that gets the outputs of the decoder's levels, coarse to fine, of each pass in the ``with``."""
    seen: list[torch.Tensor] = []

    def look(module: nn.Module, inputs: Any, output: torch.Tensor) -> None:
        seen.append(output)

    hooks = [level.register_forward_hook(look) for level in _levels(net)]
    try:
        yield seen
    finally:
        for hook in hooks:
            hook.remove()


def _levels(net: nn.Module) -> list[nn.Module]:
    levels = getattr(net, LEVELS, None)
    if not isinstance(levels, nn.ModuleList) or len(levels) < 2:
        raise InputError(
            f"{type(net).__name__} has no levels of a decoder ({LEVELS}), which the losses edge, deep and bias need; "
            "set them to 0 or take mobile-unet"
        )
    return list(levels)


@torch.no_grad()
def _channels(net: nn.Module) -> list[int]:
    """Of the decoder's levels, by trying."""
    first = next(module for module in net.modules() if isinstance(module, nn.Conv2d))
    training = net.training
    net.eval()
    with watched(net) as levels:
        net(torch.zeros(1, first.in_channels, _SIDE, _SIDE, device=first.weight.device))
    net.train(training)
    return [level.shape[1] for level in levels]
