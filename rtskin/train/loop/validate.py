"""How good the weights are on the kept-out pictures, stretched to the input shape (of a refiner: as they are). A monitor;
``rtskin eval`` judges."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import nn

from rtskin import nets
from rtskin.train.data.bases import Bases
from rtskin.train.data.classes import skin_index
from rtskin.train.data.imaging import BrokenImageError, cv2
from rtskin.train.data.sets import Picture, Reader, Sides, padded, stretched
from rtskin.train.losses.class_losses import skin_logit
from rtskin.train.normalise import network_input

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe

log = logging.getLogger("rtskin.train")

Array = np.ndarray[Any, Any]
#: By set: ``iou`` and ``false_skin``, those that its pictures can tell.
Figures = dict[str, dict[str, float]]


@dataclass(frozen=True)
class Judged:
    """One kept-out picture: uint8 H×W×3 BGR, ``truth`` and ``found`` uint8 H×W (255 = skin; 0 where nothing counts), and how
    it was judged: ``iou`` where there is skin, else ``false_skin``, the part of it that is called skin."""

    name: str
    image: Array
    truth: Array
    found: Array
    figure: str
    value: float


class Validation:
    """Kept-out pictures, read once: an even choice of at most ``validate_images`` of each set."""

    def __init__(self, recipe: Recipe, sets: list[Sides]) -> None:
        self._recipe = recipe
        self.pictures: dict[str, list[Picture]] = {}
        self._names: dict[str, list[str]] = {}
        reader = Reader(bases=Bases(recipe.prior) if recipe.prior.of else None)
        for part in sets:
            kept: dict[str, Picture] = {}
            for item in part.held[:: max(1, -(-len(part.held) // recipe.validate_images))]:
                try:
                    picture = reader.read(item)
                    kept[str(item.image)] = padded(picture) if picture.bases else stretched(picture, recipe.live_shapes)
                except BrokenImageError as error:
                    log.warning("left out of the validation: %s", error)
            if kept:
                self.pictures[part.spec.name] = list(kept.values())
                self._names[part.spec.name] = [f"{part.spec.name}: {PurePath(name).name}" for name in kept]

    def run(self, net: nn.Module) -> Figures:
        """By set: ``iou`` (mean over pictures with skin, at 0.5) and ``false_skin`` (part of the pixels that are called
        skin in pictures without any)."""
        return {name: _means(self._judge(net, name)) for name in self.pictures}

    def judged(self, net: nn.Module) -> Iterator[Judged]:
        """Every kept-out picture, set after set."""
        for name in self.pictures:
            yield from self._judge(net, name)

    def shown(self, net: nn.Module, count: int) -> Iterator[tuple[str, tuple[Array, Array, Array]]]:
        """(its name, (picture, truth, what is found)) of the first ``count`` of each set."""
        for name in self.pictures:
            for number, one in enumerate(self._judge(net, name, count)):
                yield f"{name}/{number}", (one.image, one.truth, one.found)

    def _judge(self, net: nn.Module, name: str, count: int | None = None) -> Iterator[Judged]:
        net.eval()
        for label, picture in list(zip(self._names[name], self.pictures[name], strict=True))[:count]:
            found = _predict(net, picture, self._recipe) > 0
            counts = picture.weight > 127
            found, true = found & counts, (picture.mask > 127) & counts
            with_skin = bool(true.any())
            value = (found & true).sum() / (found | true).sum() if with_skin else found.mean()
            truth, mask = (plane.astype(np.uint8) * 255 for plane in (true, found))
            yield Judged(label, picture.image, truth, mask, "iou" if with_skin else "false_skin", float(value))


def score(figures: Figures) -> float:
    """One number to go by, higher is better: the mean IoU of the sets with skin minus the mean false skin of the others."""
    means = {
        figure: [values[figure] for values in figures.values() if figure in values] for figure in ("iou", "false_skin")
    }
    good, bad = (sum(values) / len(values) if values else 0.0 for values in means.values())
    return good - bad


def as_words(figures: Figures) -> str:
    """In one line: "ccp iou 0.612 · negatives false_skin 0.021"."""
    return " · ".join(
        f"{name} {figure} {value:.3f}" for name, values in figures.items() for figure, value in values.items()
    )


def _means(judged: Iterator[Judged]) -> dict[str, float]:
    values: dict[str, list[float]] = {"iou": [], "false_skin": []}
    for one in judged:
        values[one.figure].append(one.value)
    return {figure: float(np.mean(those)) for figure, those in values.items() if those}


def probability(net: nn.Module, picture: Picture, recipe: Recipe) -> Array:
    """What a network trained by ``recipe`` says of a whole picture, at its size: the probability of skin, float32 H×W."""
    small = stretched(picture, recipe.live_shapes)
    found = _predict(net, small, recipe)
    height, width = picture.mask.shape
    enlarged: Array = cv2.resize(1 / (1 + np.exp(-found)), (width, height), interpolation=cv2.INTER_LINEAR)
    return enlarged


@torch.no_grad()
def _predict(net: nn.Module, picture: Picture, recipe: Recipe) -> Array:
    rgb = np.ascontiguousarray(cv2.cvtColor(picture.image, cv2.COLOR_BGR2RGB))
    device = next(net.parameters()).device
    pixels, statistics = torch.from_numpy(rgb[None]).to(device), nets.statistics(recipe.net.architecture)
    before = torch.from_numpy(picture.bases[0][None]).to(device) if picture.bases else None
    logits = net(network_input(pixels, before, recipe.prior.use, statistics))
    found: Array = skin_logit(logits, skin_index(recipe.classes.names))[0, 0].float().cpu().numpy()
    return found
