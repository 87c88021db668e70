"""Optimisers by name. AdamW is torch's; the others come from pytorch-optimizer."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from rtskin.errors import MissingExtraError

if TYPE_CHECKING:
    from rtskin.train.recipe import Optimiser


def build(spec: Optimiser, modules: Iterable[nn.Module]) -> torch.optim.Optimizer:
    """AdamW (arXiv 1711.05101), AdamP (2006.08217) or AdaBelief (2010.07468), decay decoupled, over the modules' parameters.

    MissingExtraError where the library is not installed.
    """
    modules = list(modules)
    groups = _groups(modules, spec.weight_decay)
    if spec.name == "adamw":
        return torch.optim.AdamW(groups, lr=spec.rate, fused=True)
    try:
        import pytorch_optimizer
    except ImportError as error:
        raise MissingExtraError("pytorch-optimizer", "train", f"the optimiser {spec.name}") from error
    if spec.name == "adabelief":
        made = pytorch_optimizer.AdaBelief(groups, lr=spec.rate, weight_decay=spec.weight_decay)
    else:
        for module in modules:
            _contiguous(module)
        made = pytorch_optimizer.AdamP(groups, lr=spec.rate, weight_decay=spec.weight_decay)
    optimiser: torch.optim.Optimizer = made
    return optimiser


def _groups(modules: list[nn.Module], decay: float) -> list[dict[str, Any]]:
    """Weight decay for matrices and filters only, not for biases and batch normalisation."""
    parameters = [parameter for module in modules for parameter in module.parameters()]
    heavy = [parameter for parameter in parameters if parameter.ndim > 1]
    light = [parameter for parameter in parameters if parameter.ndim <= 1]
    return [{"params": heavy, "weight_decay": decay}, {"params": light, "weight_decay": 0.0}]


def _contiguous(module: nn.Module) -> None:
    """AdamP flattens filters by view(), which those in channels_last memory refuse. Pictures may stay in it."""
    for parameter in module.parameters():
        parameter.data = parameter.data.contiguous()
