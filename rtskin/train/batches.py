"""Batches as a pure function of (seed, step): what makes a resumed training equal to one that was never stopped."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from rtskin.errors import InputError
from rtskin.train import augment, crops
from rtskin.train.data import Item, Reader, Sides, probabilities
from rtskin.train.imaging import BrokenImageError, cv2
from rtskin.train.recipe import Recipe

Array = np.ndarray[Any, Any]

#: A sample is drawn again when its picture is broken; so many in a row mean that the set is.
_TRIES = 20


@dataclass(frozen=True)
class Batch:
    """uint8: ``images`` N×S×S×3 RGB, ``targets`` and ``weights`` N×S×S (255 = skin, 255 = counts)."""

    images: Array
    targets: Array
    weights: Array
    broken: list[str] = field(default_factory=list)


class Batches:
    """``batches[step]`` is the :class:`Batch` of that step. Can be sent to a worker process."""

    def __init__(self, recipe: Recipe, sets: list[Sides]) -> None:
        for part in sets:
            if not part.train:
                raise InputError(
                    f"the data set {part.spec.name!r} has no pictures left to train on: all are kept out by the split"
                )
        self.recipe, self.sets = recipe, sets
        weights = np.array([part.spec.weight for part in sets])
        self._set_ends = np.cumsum(weights / weights.sum())
        self._item_ends = [np.cumsum(probabilities(part)) for part in sets]
        self._reader = Reader(recipe.cache_mb)

    def __getitem__(self, step: int) -> Batch:
        cv2.setNumThreads(1)  # the network has the cores
        broken: list[str] = []
        samples = [
            self._sample(np.random.default_rng([self.recipe.seed, step, i]), broken) for i in range(self.recipe.batch)
        ]
        images, targets, weights = (np.stack(planes) for planes in zip(*samples, strict=True))
        return Batch(images, targets, weights, broken)

    def _sample(self, rng: np.random.Generator, broken: list[str]) -> tuple[Array, Array, Array]:
        for _ in range(_TRIES):
            item = self._draw(rng)
            try:
                picture = self._reader.read(item)
            except BrokenImageError as error:
                broken.append(str(error))
                continue
            crop = crops.draw(rng, picture, self.recipe.crops)
            image, mask, weight = crops.cut(picture, crop, self.recipe.size, smooth=rng.random() < 0.75)
            image = augment.photometric(rng, image, self.recipe.augment)
            return cv2.cvtColor(image, cv2.COLOR_BGR2RGB), mask, weight
        raise InputError(f"{_TRIES} pictures in a row cannot be read; the last is {broken[-1]}")

    def _draw(self, rng: np.random.Generator) -> Item:
        which, item = rng.random(2)
        part = min(int(np.searchsorted(self._set_ends, which, side="right")), len(self.sets) - 1)
        items = self.sets[part].train
        return items[min(int(np.searchsorted(self._item_ends[part], item, side="right")), len(items) - 1)]
