"""The pictures that a network is calibrated on: of its training, and none that was kept out."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from rtskin.errors import InputError
from rtskin.train.data import sets
from rtskin.train.data.imaging import Source
from rtskin.train.recipe import Recipe

log = logging.getLogger("rtskin.train")


def training_frames(recipe: Recipe, roots: Sequence[Path], count: int, seed: int = 0) -> list[Source]:
    """``count`` pictures of the training sides, from each set in proportion to its weight in the recipe.

    Sets that are not below ``roots`` are left out, which is logged; InputError where none is there.
    """
    found: list[tuple[float, list[sets.Item]]] = []
    for spec in recipe.data:
        try:
            (sides,) = sets.scan(recipe.model_copy(update={"data": [spec]}), roots)
        except InputError as error:
            log.info("calibrating without %s: %s", spec.name, error)
            continue
        if sides.train:
            found.append((spec.weight, sides.train))
    if not found:
        raise InputError(f"none of the recipe's sets is in {', '.join(map(str, roots))}; name their folder with --data")
    rng, total = np.random.default_rng(seed), sum(weight for weight, _ in found)
    chosen: list[Source] = []
    for weight, items in found:
        many = min(len(items), max(1, round(count * weight / total)))
        chosen += [items[int(number)].image for number in rng.choice(len(items), many, replace=False)]
    return chosen
