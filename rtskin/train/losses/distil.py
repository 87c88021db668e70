"""Distillation: wider networks of ours say what they see in the same crops, and the one that is trained learns that too."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch
from torch import nn

from rtskin import nets
from rtskin.errors import InputError
from rtskin.train.loop import checkpoint, warm
from rtskin.train.normalise import renormalise

if TYPE_CHECKING:
    from rtskin.train.losses.objective import Teach
    from rtskin.train.recipe import Recipe

#: Of what the convolutions of an exported teacher are scaled by; its answers do not depend on it.
_SIDE = 64


def open_teachers(paths: Sequence[Path], recipe: Recipe, device: torch.device, dtype: Any) -> Teach:
    """What the networks at ``paths`` (checkpoints or cards of rtskin) say of normalised pictures: float32 N×1×H×W, the mean
    of their probabilities of skin at ``recipe.distil.temperature`` (arXiv 1503.02531).

    Each is tried at every shape that batches come in. InputError: it cannot take one, or it is no network of ours.
    """
    opened: list[tuple[nn.Module, nets.Statistics]] = []
    for path in paths:
        own, net = open_network(path)
        opened.append((net.to(device, memory_format=torch.channels_last), nets.statistics(own.net.architecture)))
    given = nets.statistics(recipe.net.architecture)
    temperature = recipe.distil.temperature

    @torch.no_grad()
    def teach(images: torch.Tensor) -> torch.Tensor:
        with torch.autocast(device.type, dtype, enabled=dtype is not None):
            # A teacher sees colours; what a student gets beside them is its own.
            logits = [net(renormalise(images[:, :3], given, wanted)).float() for net, wanted in opened]
        return torch.stack([(one / temperature).sigmoid() for one in logits]).mean(0)

    for path, (net, _) in zip(paths, opened, strict=True):
        for shape in recipe.batch_shapes or recipe.live_shapes:
            _must_take(net, path, shape, device)
    return teach


def open_network(path: Path) -> tuple[Recipe, nn.Module]:
    """The recipe and the network, to be used as it is, of a checkpoint or a card of rtskin; InputError, ModelError."""
    folder = path if path.is_dir() else path.parent
    if path.is_dir() or path.suffix == ".toml":
        # A card does not say how wide its network is; the recipe that it comes with does.
        beside = folder / "recipe.toml"
        if not beside.exists():
            raise InputError(
                f"distil: {folder} has no recipe.toml, which says how its network is built; give a checkpoint"
            )
        from rtskin.train.recipe import load

        recipe = load(beside)
        net = nets.build(recipe.net.architecture, **recipe.net_options)
        warm.start_from(net, path, [torch.zeros(1, 3 + recipe.prior.use, _SIDE, _SIDE)])
    else:
        recipe, net = checkpoint.averaged(path)
    return recipe, net.eval().requires_grad_(False)


@torch.no_grad()
def _must_take(net: nn.Module, path: Path, shape: tuple[int, int], device: torch.device) -> None:
    width, height = shape
    try:
        found = tuple(net(torch.zeros(1, 3, height, width, device=device)).shape)
    except RuntimeError as error:
        why = str(error).splitlines()[0]
        raise InputError(f"distil: the teacher {path} cannot take inputs of {width}×{height}: {why}") from error
    if found != (1, 1, height, width):
        raise InputError(f"distil: the teacher {path} answers {found}, not the skin of each pixel of {width}×{height}")
