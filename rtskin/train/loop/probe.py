"""Fitting the head of a network to classes that it does not know yet, before the rest of it learns.

A head that begins at nothing sends nothing back, and moves by no more than the learning rate a step. So it is first fitted
alone, on what the network sees in some batches: a small problem, seconds instead of hundreds of steps (linear probing, then
fine-tuning: arXiv 2202.10054).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.train.losses import class_losses
from rtskin.train.losses.objective import Tensors

#: Cells (2×2 pixels) taken of each batch, optimiser steps, and their rate.
_CELLS, _STEPS, _RATE = 1_500, 120, 0.03


def fit_head(net: Any, batches: Iterable[Tensors], skin: int) -> float:
    """Fit ``net.head`` (1×1, 4·K channels for the pixels of 2×2 cells) to the batches' skin and other classes; the rest of
    the network stays. Returns the cross-entropy at the end."""
    features, planes = _seen(net, batches)
    head: nn.Conv2d = net.head
    classes = head.out_channels // 4
    optimiser = torch.optim.Adam(head.parameters(), lr=_RATE)
    target, weight, others = planes[:, :1], planes[:, 1:2], planes[:, 2:]
    value = 0.0
    for _ in range(_STEPS):
        # Each cell a picture of its four pixels: what the losses take.
        logits = F.linear(features, head.weight[:, :, 0, 0], head.bias).view(-1, classes, 4, 1)
        entropy = F.binary_cross_entropy_with_logits(class_losses.skin_logit(logits, skin), target, weight)
        left = class_losses.entropy(class_losses.without(logits, skin), others, weight * (1 - target))
        loss = entropy + left
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        value = float(loss.detach())
    head.zero_grad(set_to_none=True)
    return value


def untaught(net: Any, skin: int) -> bool:
    """Is all but skin still at nothing in the head, as rtskin.train.loop.warm.fitted leaves it."""
    rows = net.head.weight.detach().view(-1, 4, net.head.in_channels)
    return not torch.cat([rows[:skin], rows[skin + 1 :]]).any()


@torch.no_grad()
def _seen(net: Any, batches: Iterable[Tensors]) -> tuple[torch.Tensor, torch.Tensor]:
    """(what the head saw in some cells, M×C; target, weight and others of their pixels, M×(2 + K)×4×1)."""
    seen: list[torch.Tensor] = []
    features, planes = [], []
    hook = net.head.register_forward_pre_hook(lambda module, inputs: seen.append(inputs[0]))
    net.eval()
    generator = torch.Generator().manual_seed(0)
    for batch in batches:
        if batch.others is None:
            raise ValueError("the batches have no classes")
        net(batch.images)
        cells = seen.pop().permute(0, 2, 3, 1).flatten(0, 2)
        all_planes = torch.cat([batch.target, batch.weight, batch.others], 1)
        pixels = F.pixel_unshuffle(all_planes, 2).permute(0, 2, 3, 1).flatten(0, 2)
        some = torch.randperm(len(cells), generator=generator)[:_CELLS]
        features.append(cells[some])
        planes.append(pixels[some].view(len(some), -1, 4, 1))
    hook.remove()
    return torch.cat(features), torch.cat(planes)
