"""Training by a recipe, on collected regions: a few minutes on a CPU, the same bits for the same seed and machine."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError
from rtskin.train.data.split import fold_of
from rtskin.train.regions import batches, collect
from rtskin.train.regions import recipe as recipes
from rtskin.train.regions.balance import offsets
from rtskin.train.regions.decide import LABELS
from rtskin.train.regions.labels import UNKNOWN, alike, labels_of
from rtskin.train.regions.recipe import RegionRecipe

Array = np.ndarray[Any, Any]


@dataclass(frozen=True, eq=False)
class Side:
    """One side of the split: crops uint8 N×KEPT×KEPT×4, labels int64 N, weights float64 N, names, groups. alike, bool N: a
    piece of the region is what the region is (a piece of a face with its neck may be none)."""

    crops: Array
    labels: Array
    weights: Array
    alike: Array
    names: list[str]
    groups: list[str]


def train(path: Path, regions: Path, out: Path, sheet: Path | None = None) -> Iterator[str]:
    """Train the recipe at ``path`` on what was collected in ``regions``, and write the network and its card to ``out``.

    Gives lines for a log. sheet: where a picture of the kept-out regions that it gets wrong goes.
    """
    from rtskin.train.regions.export import export

    recipe = recipes.load(path)
    ours, kept = split(recipe, regions)
    yield f"{len(ours.labels)} regions to learn from, {len(kept.labels)} kept out"
    net = None
    for step, loss, net in _steps(recipe, ours):
        if step % 500 == 0 or step == recipe.steps:
            yield f"step {step}: loss {loss:.3f}; kept out: {told(recipe, net, kept)}"
    assert net is not None, "a recipe has at least one step"
    if recipe.balance and len(kept.labels):
        yield _balance(recipe, net, kept)
    done = export(recipe, net, path, out)
    yield f"{done.weights} written, {done.weights.stat().st_size / 1e3:.0f} kB"
    if sheet is not None and len(kept.labels):
        from rtskin.train.regions.sheet import write

        yield f"{sheet} written: {write(sheet, kept, answers(recipe, net, kept.crops))} wrong ones"


def split(recipe: RegionRecipe, folder: Path) -> tuple[Side, Side]:
    """(to learn from, kept out): what has a label, in all sets. InputError where a set was not collected."""
    parts = []
    for spec in recipe.data:
        file = folder / f"{spec.name}.npz"
        if not file.exists():
            raise InputError(f"there is no {file}; make it with: python -m rtskin.train.regions collect")
        found = collect.read(file, collect.about(spec, recipe))
        labels = labels_of(recipe, spec.name, found)
        known = np.flatnonzero(labels != UNKNOWN)
        held = np.array([fold_of(found.groups[i], recipe.folds) == recipe.held_out for i in known], bool)
        parts += [(found, labels, known[~held], spec.weight, 0), (found, labels, known[held], spec.weight, 1)]
    ours, kept = ([part for part in parts if part[4] == side] for side in (0, 1))
    return _joined(ours), _joined(kept)


def _joined(parts: list[Any]) -> Side:
    return Side(
        np.concatenate([found.crops[index] for found, _, index, _, _ in parts]),
        np.concatenate([labels[index] for _, labels, index, _, _ in parts]),
        np.concatenate([np.full(len(index), weight) for _, _, index, weight, _ in parts]),
        np.concatenate([alike(found, labels)[index] for found, labels, index, _, _ in parts]),
        [found.names[i] for found, _, index, _, _ in parts for i in index],
        [found.groups[i] for found, _, index, _, _ in parts for i in index],
    )


def _steps(recipe: RegionRecipe, side: Side) -> Iterator[tuple[int, float, Any]]:
    """(step, mean loss so far, averaged network) after every step."""
    import torch
    from torch import nn
    from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

    from rtskin.nets.region_net import RegionNet

    torch.manual_seed(recipe.seed)
    rng = np.random.default_rng(recipe.seed)
    net = RegionNet(recipe.net.widths)
    # Buffers too: running means of batch normalisation belong to the averaged weights.
    average = AveragedModel(net, multi_avg_fn=get_ema_multi_avg_fn(recipe.ema), use_buffers=True)
    optimiser = torch.optim.AdamW(net.parameters(), lr=recipe.rate, weight_decay=recipe.decay)
    objective = nn.CrossEntropyLoss(label_smoothing=recipe.smoothing)
    mean = 0.0
    for step in range(1, recipe.steps + 1):
        for group in optimiser.param_groups:
            group["lr"] = recipe.rate * _schedule(step, recipe.steps)
        picked = batches.draws(rng, side.labels, side.weights, recipe.batch)
        crops = np.stack([batches.changed(rng, side.crops[i], recipe, bool(side.alike[i])) for i in picked])
        loss = objective(net(as_tensor(crops)), torch.from_numpy(side.labels[picked]))
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        average.update_parameters(net)
        mean += (float(loss.detach()) - mean) / min(step, 200)
        yield step, mean, average.module


def _balance(recipe: RegionRecipe, net: Any, kept: Side) -> str:
    """Put right what kinds it leans to; says how much, and what it is worth on regions that had no say in it."""
    import torch

    probabilities = answers(recipe, net, kept.crops)
    added = offsets(probabilities, kept.labels)
    with torch.no_grad():
        net.head.bias += torch.from_numpy(added).float()
    how = ", ".join(f"{label} {one:+.2f}" for label, one in zip(LABELS, added, strict=True))
    crossed = crossed_over(probabilities, kept)
    return f"added: {how}; kept out, each half with what the other half would add: {by_class(crossed, kept)}"


def crossed_over(probabilities: Array, kept: Side) -> Array:
    """Logits, N×3, of kept-out regions: to those of one half of the groups is added what fits the other half.

    What all of them would add fits them: how often the network is right with it proves nothing on them.
    """
    logits = np.log(np.maximum(probabilities, 1e-9))
    halves = np.array([fold_of(f"half of {group}", 2) for group in kept.groups])
    for half in (0, 1):
        others = halves != half
        logits[halves == half] += offsets(probabilities[others], kept.labels[others])
    return logits


def as_tensor(crops: Array) -> Any:
    """uint8 N×S×S×4 → float32 N×4×S×S in −1 … 1, the mask in 0 … 1: what the network takes (and its graph does)."""
    import torch

    x = torch.from_numpy(crops).permute(0, 3, 1, 2).float() / 255
    return torch.cat([x[:, :3] * 2 - 1, x[:, 3:]], 1)


def answers(recipe: RegionRecipe, net: Any, crops: Array) -> Array:
    """Probabilities, float32 N×3, of kept crops."""
    import torch

    net.eval()
    found = []
    with torch.no_grad():
        for start in range(0, len(crops), 256):
            part = np.stack([batches.plain(crop, recipe.net.side) for crop in crops[start : start + 256]])
            found.append(net(as_tensor(part)).softmax(1).numpy())
    return np.concatenate(found)


def told(recipe: RegionRecipe, net: Any, side: Side) -> str:
    """Accuracy by class: "face 0.98 of 120, …"."""
    if not len(side.labels):
        return "nothing"
    return by_class(answers(recipe, net, side.crops), side)


def by_class(answered: Array, side: Side) -> str:
    """The same, of answers N×3: the largest counts."""
    right = answered.argmax(1) == side.labels
    parts = [(label, right[side.labels == number]) for number, label in enumerate(LABELS)]
    return ", ".join(f"{label} {part.mean():.3f} of {len(part)}" for label, part in parts if len(part))


def _schedule(step: int, steps: int) -> float:
    """Warm up over a twentieth, then down along a cosine to a hundredth."""
    warm = max(1, steps // 20)
    if step < warm:
        return step / warm
    return 0.01 + 0.99 * (1 + math.cos(math.pi * (step - warm) / max(1, steps - warm))) / 2
