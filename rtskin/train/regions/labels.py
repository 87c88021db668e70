"""Labels of collected regions, by the rule (rtskin.train.regions.decide)."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np

from rtskin.train.regions.collect import Regions
from rtskin.train.regions.decide import LABELS, OTHER, decide
from rtskin.train.regions.recipe import RegionRecipe

#: What nobody can say.
UNKNOWN = -1


def labels_of(recipe: RegionRecipe, name: str, regions: Regions) -> np.ndarray[Any, Any]:
    """int64 N: FACE, HAND, OTHER or UNKNOWN of each region of the set called ``name``."""
    spec = next(one for one in recipe.data if one.name == name)
    if spec.skinless:
        return np.full(len(regions.names), OTHER)
    said = (decide(regions.seen(index)) for index in range(len(regions.names)))
    return np.array([UNKNOWN if label is None else label for label in said])


def counts(recipe: RegionRecipe, name: str, regions: Regions) -> str:
    """How many of each: "12 face, 5 hand, 7 other, 3 left out"."""
    found = Counter(labels_of(recipe, name, regions).tolist())
    told = [f"{found[number]} {label}" for number, label in enumerate(LABELS)]
    return ", ".join([*told, f"{found[UNKNOWN]} left out"])
