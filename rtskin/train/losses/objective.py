"""What a training makes small: the losses of a recipe, each by its weight, and what they need beside the mask."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import torch
from torch import nn
from torch.nn import functional as F

from rtskin.errors import InputError
from rtskin.nets import IMAGENET, Statistics
from rtskin.train.data.batches import Batch
from rtskin.train.data.classes import class_counts, skin_index
from rtskin.train.losses import class_losses, structure
from rtskin.train.losses import mask as losses
from rtskin.train.losses.class_losses import skin_logit
from rtskin.train.losses.heads import Heads, watched
from rtskin.train.losses.prior_own import OwnPrior
from rtskin.train.normalise import network_input

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe

#: Normalised pictures → the probability of skin at a temperature, N×1×H×W.
Teach = Callable[[torch.Tensor], torch.Tensor]
#: Losses of [loss] that the mask itself is trained by.
_OF_MASK = ("bce", "dice", "focal", "tversky", "bias", "iou", "ssim")
_NONE: list[torch.Tensor] = []


@dataclass(frozen=True)
class Tensors:
    """A batch on the device: ``images`` (and ``twins``) as the network takes them, ``target``, ``weight`` N×1×H×W, 0…1."""

    images: torch.Tensor
    target: torch.Tensor
    weight: torch.Tensor
    twins: torch.Tensor | None = None
    others: torch.Tensor | None = None
    chances: tuple[float, ...] = ()


def tensors(batch: Batch, device: torch.device, statistics: Statistics = IMAGENET) -> Tensors:
    """The batch on ``device``, where it is normalised too (by ``statistics``): bytes travel, not floats."""
    target, weight = (sent(plane, device)[:, None].float() / 255 for plane in (batch.targets, batch.weights))
    priors = None if batch.priors is None else sent(batch.priors, device)
    twins = None if batch.twins is None else network_input(sent(batch.twins, device), priors, statistics=statistics)
    others = None if batch.others is None else sent(batch.others, device).permute(0, 3, 1, 2).float() / 255
    images = network_input(sent(batch.images, device), priors, statistics=statistics)
    return Tensors(images, target, weight, twins, others, batch.chances)


def sent(plane: Any, device: torch.device) -> torch.Tensor:
    """An array as a tensor on ``device``; to a GPU from pinned memory, without waiting for it."""
    tensor = torch.from_numpy(plane)
    return tensor if device.type == "cpu" else tensor.pin_memory().to(device, non_blocking=True)


class Objective:
    """The loss of a network on a batch. ``heads``: extra outputs that some losses need, trained beside it; or None."""

    def __init__(self, recipe: Recipe, net: nn.Module, teach: Teach | None = None, dtype: Any = None) -> None:
        """``dtype``: what the network computes in (None: float32); the losses are float32 always. InputError: the recipe has
        no loss of the mask."""
        if teach is None and not any(getattr(recipe.loss, name) for name in _OF_MASK):
            raise InputError(f"[loss]: every weight is 0 of those that train the mask ({', '.join(_OF_MASK)}); set one")
        self._loss, self._distil, self._teach, self._dtype = recipe.loss, recipe.distil, teach, dtype
        self._classes, self._skin = recipe.classes, skin_index(recipe.classes.names)
        self._counts = class_counts(recipe.classes)
        self._own = OwnPrior(recipe.prior, self._skin) if recipe.prior.use else None
        #: Has the network what is supervised beside the mask itself (a method ``supervised``).
        self._own_levels = hasattr(net, "supervised") and bool(self._loss.deep or self._loss.gradient)
        if self._loss.gradient and not self._own_levels:
            raise InputError(
                f"{recipe.net.architecture} says nothing of gradients; set loss.gradient to 0, or take birefnet-lite"
            )
        self._deep_heads = bool(self._loss.deep) and not self._own_levels
        self._needs_heads = bool(self._loss.edge) or self._deep_heads
        self.heads = Heads(net, bool(self._loss.edge), self._deep_heads) if self._needs_heads else None

    def __call__(self, net: nn.Module, batch: Tensors) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """(the loss, its parts by name: unweighted, detached)."""
        device = batch.images.device
        images = batch.images if self._own is None else self._own(net, batch.images, batch.chances)
        watch: Any = watched(net) if self._needs_heads or self._loss.bias else contextlib.nullcontext(_NONE)
        with torch.autocast(device.type, self._dtype, enabled=self._dtype is not None):
            with watch as levels:
                answer, beside = self._answered(net, images)
            deep = [level.float() for level in self.heads.deep(levels)] if self.heads and self._deep_heads else []
            edge = self.heads.edge(levels).float() if self.heads and self._loss.edge else None
            twin = skin_logit(net(batch.twins).float(), self._skin) if batch.twins is not None else None
        logits = skin_logit(answer, self._skin)
        parts = self._of_mask(logits, batch, levels)
        if batch.others is not None:
            planes = batch.others, batch.target, batch.weight
            entropy, dice = class_losses.other_classes(answer, *planes, self._skin, self._counts)
            parts |= {"classes": (self._classes.entropy, entropy), "classes_dice": (self._classes.dice, dice)}
        if edge is not None:
            parts["edge"] = self._loss.edge, losses.edge(edge, batch.target, batch.weight, self._loss.edge_width)
        if deep:
            parts["deep"] = self._loss.deep, losses.deep(deep, batch.target, batch.weight)
        if beside is not None:
            parts |= self._of_levels(beside, images, batch)
        if twin is not None:
            parts["consistency"] = (
                self._loss.consistency,
                losses.consistency(twin, logits, batch.weight, self._loss.consistency_temperature),
            )
        if self._teach is not None:
            temperature = self._distil.temperature
            parts["distil"] = (
                self._distil.weight,
                losses.kl(logits, self._teach(batch.images[:, :3]), batch.weight, temperature),
            )
        return _sum(list(parts.values())), {name: value.detach() for name, (_, value) in parts.items()}

    def _answered(self, net: Any, images: torch.Tensor) -> tuple[torch.Tensor, Any]:
        """(the logits, a network's own levels or None), float32."""
        if not self._own_levels:
            return net(images).float(), None
        logits, levels = net.supervised(images)
        return logits.float(), levels

    def _of_levels(self, levels: Any, images: torch.Tensor, batch: Tensors) -> dict[str, tuple[float, torch.Tensor]]:
        """Of a network that has levels of its own: the mask's losses at each, enlarged, and of gradients."""
        size = batch.target.shape[2:]
        masks, gradients = ([one.float() for one in those] for those in (levels.masks, levels.gradients))
        parts: dict[str, tuple[float, torch.Tensor]] = {}
        if self._loss.deep:
            wide = (F.interpolate(one, size=size, mode="bilinear", align_corners=True) for one in masks)
            values = [_sum(list(self._of_mask(one, batch, _NONE).values())) for one in wide]
            parts["deep"] = self._loss.deep, torch.stack(values).sum()
        if self._loss.gradient:
            pairs = zip(gradients, masks, strict=True)
            values = [structure.gradient(own, mask, images, batch.weight) for own, mask in pairs]
            parts["gradient"] = self._loss.gradient, torch.stack(values).sum()
        return parts

    def _of_mask(
        self, logits: torch.Tensor, batch: Tensors, levels: Sequence[torch.Tensor]
    ) -> dict[str, tuple[float, torch.Tensor]]:
        """By name: the weight and the loss of what the network itself says."""
        spec, target, weight = self._loss, batch.target, batch.weight
        parts: dict[str, tuple[float, torch.Tensor]] = {}
        if spec.bce or spec.dice:
            parts["bce_dice"] = 1.0, losses.bce_dice(logits, target, weight, spec.bce, spec.dice)
        if spec.focal:
            parts["focal"] = spec.focal, losses.focal(logits, target, weight, spec.focal_gamma, spec.focal_alpha)
        if spec.tversky:
            value = losses.tversky(logits, target, weight, spec.tversky_false, spec.tversky_missed)
            parts["tversky"] = spec.tversky, value
        if spec.iou:
            parts["iou"] = spec.iou, structure.iou(logits, target, weight)
        if spec.ssim:
            parts["ssim"] = spec.ssim, structure.ssim(logits, target, weight)
        if spec.bias:
            value = losses.bias(logits, target, weight, levels[-1], spec.bias_alpha, spec.bias_beta)
            parts["bias"] = spec.bias, value
        return parts


def _sum(parts: list[tuple[float, torch.Tensor]]) -> torch.Tensor:
    (first, total), *others = parts
    # One of weight 1 stays what it is, to the bit.
    total = total if first == 1 else first * total
    for weight, value in others:
        total = total + weight * value
    return total
