"""Batch normalisation of averaged weights.

An average of weights never saw a picture: the averages of the statistics that its parts had are not the statistics that it
has. They are measured on some batches instead, before it is judged and before it ships (Izmailov et al., Averaging weights
leads to wider optima, arXiv 1803.05407, section 3.2).
"""

from __future__ import annotations

from collections.abc import Iterable

import torch
from torch import nn


@torch.no_grad()
def settle(net: nn.Module, inputs: Iterable[torch.Tensor]) -> None:
    """Give every batch normalisation of ``net`` the mean and variance that it meets over ``inputs`` (N×C×H×W each)."""
    norms = [module for module in net.modules() if isinstance(module, nn.BatchNorm2d)]
    before = [(norm.momentum, norm.training) for norm in norms]
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # a plain mean over the batches
        norm.train()
    for batch in inputs:
        net(batch)
    for norm, (momentum, training) in zip(norms, before, strict=True):
        norm.momentum = momentum
        norm.train(training)
