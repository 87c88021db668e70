"""How good the weights are on the kept-out pictures, stretched to the input shape. A monitor; ``rtskin eval`` judges."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import torch
from torch import nn

from rtskin.train.data import Picture, Reader, Sides, stretched
from rtskin.train.imaging import BrokenImageError, cv2
from rtskin.train.normalise import normalise
from rtskin.train.recipe import Recipe

log = logging.getLogger("rtskin.train")


class Validation:
    """Kept-out pictures, read once: an even choice of at most ``validate_images`` of each set."""

    def __init__(self, recipe: Recipe, sets: list[Sides]) -> None:
        self.pictures: dict[str, list[Picture]] = {}
        reader = Reader()
        for part in sets:
            kept: list[Picture] = []
            for item in part.held[:: max(1, -(-len(part.held) // recipe.validate_images))]:
                try:
                    kept.append(stretched(reader.read(item), recipe.live_shapes))
                except BrokenImageError as error:
                    log.warning("left out of the validation: %s", error)
            if kept:
                self.pictures[part.spec.name] = kept

    def run(self, net: nn.Module) -> dict[str, dict[str, float]]:
        """By set: ``iou`` (mean over pictures with skin, at 0.5) and ``false_skin`` (part of the pixels that are called
        skin in pictures without any)."""
        return {name: _judge(net, pictures) for name, pictures in self.pictures.items()}


def _judge(net: nn.Module, pictures: list[Picture]) -> dict[str, float]:
    net.eval()
    overlaps, false = [], []
    for picture in pictures:
        found = _predict(net, picture) > 0
        counts = picture.weight > 127
        found, true = found & counts, (picture.mask > 127) & counts
        if true.any():
            overlaps.append((found & true).sum() / (found | true).sum())
        else:
            false.append(found.mean())
    figures = {"iou": overlaps, "false_skin": false}
    return {name: float(np.mean(values)) for name, values in figures.items() if values}


@torch.no_grad()
def _predict(net: nn.Module, picture: Picture) -> np.ndarray[Any, Any]:
    rgb = np.ascontiguousarray(cv2.cvtColor(picture.image, cv2.COLOR_BGR2RGB))
    logits: np.ndarray[Any, Any] = net(normalise(torch.from_numpy(rgb[None])))[0, 0].numpy()
    return logits
