"""Which classes a pixel may be, from the label maps of a recipe's sets.

What is skin is the mask's word; the planes here tell the other classes apart. A pixel may be one of several: a bag that
hangs from a shoulder is "background or clothes" to us, a person's pixel that no map explains anything but background.
Planes are soft, so they shrink, turn and blend like pictures, and a contour between two classes stays one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import InputError, nearest
from rtskin.train.data.sets import Picture, Sides

if TYPE_CHECKING:
    from rtskin.train.recipe import Classes, Recipe

Array = np.ndarray[Any, Any]
SKIN, BACKGROUND = "skin", "background"


def others(names: Sequence[str]) -> list[str]:
    """The classes but skin, in order."""
    return [name for name in names if name != SKIN]


def skin_index(names: Sequence[str]) -> int:
    """Which of the network's outputs is skin."""
    return list(names).index(SKIN)


def class_counts(classes: Classes) -> list[float]:
    """How much a pixel of each of :func:`others` counts in their cross-entropy; [] where all count alike."""
    return [classes.counts.get(name, 1.0) for name in others(classes.names)] if classes.counts else []


class ClassTables:
    """``planes(picture)``: uint8 H×W×(K - 1), 255 where the picture's pixel may be of that class, in the order of
    :func:`others`; all 0 where it is skin, all 255 where nobody said.

    Pictures without skin are background all over: hair, clothes and glasses are what people wear, and fur, wood and a
    shirt on a hanger belong to what is behind them.
    """

    def __init__(self, recipe: Recipe, sets: list[Sides]) -> None:
        self.names = _checked(recipe)
        self._skinless = {part.spec.name for part in sets if part.spec.kind == "skinless"}
        self._tables = {name: self._table(name, table) for name, table in recipe.classes.maps.items()}
        for part in sets:
            if part.spec.name in self._tables and not any(item.labels for item in part.train):
                raise InputError(f"classes.maps.{part.spec.name}: that set has no labels/; leave the table out")

    def planes(self, picture: Picture) -> Array:
        table = self._tables.get(picture.source)
        if table is not None and picture.labels.size:
            planes: Array = table[picture.labels]
            return planes
        row = np.full(len(self.names), 255, np.uint8)
        if picture.source in self._skinless:
            row[self.names.index(BACKGROUND)] = 255
            row[[name != BACKGROUND for name in self.names]] = 0
        return np.broadcast_to(row, (*picture.mask.shape, len(row)))

    def _table(self, place: str, table: dict[str, list[int]]) -> Array:
        """256×(K - 1): a row for each value of labels/; what is not listed may be anything."""
        rows = np.full((256, len(self.names)), 255, np.uint8)
        for key, values in table.items():
            allowed = [part.strip() for part in key.split("|")]
            for name in allowed:
                if name not in (*self.names, SKIN):
                    near = nearest(name, [*self.names, SKIN])
                    raise InputError(f"classes.maps.{place}: there is no class {name!r}{near}")
            for value in values:
                if not 0 <= value <= 255:
                    raise InputError(f"classes.maps.{place}: labels are 0 … 255, not {value}")
                rows[value] = [255 * (name in allowed) for name in self.names]
        return rows


def _checked(recipe: Recipe) -> list[str]:
    names = recipe.classes.names
    if len(set(names)) < len(names) or SKIN not in names or names[0] != BACKGROUND:
        raise InputError(f"classes.names begins with {BACKGROUND!r} and has {SKIN!r}, each once; not {names}")
    sets = [part.name for part in recipe.data]
    for name in recipe.classes.maps:
        if name not in sets:
            raise InputError(f"classes.maps.{name}: there is no data set {name!r}{nearest(name, sets)}")
    for name in recipe.classes.counts:
        if name not in others(names):
            raise InputError(f"classes.counts: {name!r} is no class beside skin{nearest(name, others(names))}")
    return others(names)
