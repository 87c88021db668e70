"""One step of a training: forward, backward, the optimiser."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from rtskin.nets import statistics
from rtskin.train.data.batches import Batch
from rtskin.train.loop import optimisers
from rtskin.train.loop.freeze import Freeze
from rtskin.train.losses.objective import Objective, tensors

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe


@dataclass(frozen=True)
class Losses:
    """Means over the batches of a step: what is made small, and its parts by name (unweighted)."""

    total: float
    parts: dict[str, float]


class Step:
    """Changes ``net`` (and the heads of ``objective``) by batches. The gradients of several are averaged: but for batch
    normalisation, which sees one at a time, and for weight maps, whose sums are those of each, they are as one batch."""

    def __init__(self, recipe: Recipe, net: nn.Module, objective: Objective, device: torch.device, dtype: Any) -> None:
        self.net, self.objective, self.device = net, objective, device
        self._statistics = statistics(recipe.net.architecture)
        trained = [net] if objective.heads is None else [net, objective.heads]
        self.optimiser = optimisers.build(recipe.optimiser, trained)
        # Gradients of float16 underflow unless they are scaled up; elsewhere this does nothing.
        self.scaler: Any = torch.amp.GradScaler(device.type, enabled=dtype is torch.float16)
        self._clip = recipe.optimiser.clip
        self._parameters = [parameter for module in trained for parameter in module.parameters()]
        self._freeze = Freeze(net, recipe.schedule.freeze, recipe.schedule.freeze_steps)

    def __call__(self, batches: Sequence[Batch], number: int, rate: float) -> Losses:
        """Do step ``number`` at this learning rate."""
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.net.train()
        self._freeze.apply(number)
        self.optimiser.zero_grad(set_to_none=True)
        found = [self._backward(batch, len(batches)) for batch in batches]
        self.scaler.unscale_(self.optimiser)
        nn.utils.clip_grad_norm_(self._parameters, self._clip)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        # Only now does the processor wait for the device.
        table = torch.stack([torch.stack(values) for _, values in found]).mean(0).tolist()
        return Losses(table[0], dict(zip(found[0][0], table[1:], strict=True)))

    def _backward(self, batch: Batch, count: int) -> tuple[list[str], list[torch.Tensor]]:
        """(the names of the parts, the loss and the parts)."""
        loss, parts = self.objective(self.net, tensors(batch, self.device, self._statistics))
        self.scaler.scale(loss / count).backward()
        return list(parts), [loss.detach(), *parts.values()]
