"""Which pictures a training has not seen, by its recipe."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from rtskin.evaluate.datasets import Dataset

if TYPE_CHECKING:
    from rtskin.train.recipe import DataSet, Recipe


class HeldOut:
    """A recipe, asked about folders. A folder that is not in it was never trained on: all of it is kept out."""

    def __init__(self, recipe: Path | Recipe) -> None:
        from rtskin.train.recipe import load

        self.recipe: Recipe = load(recipe) if isinstance(recipe, Path) else recipe

    @property
    def name(self) -> str:
        """What the training is called."""
        return self.recipe.name

    def keep(self, folder: Path) -> Callable[[str], bool] | None:
        """Tells for a picture's path below ``folder`` whether it is kept out; None where all are."""
        from rtskin.train.data.split import fold_of, split_key

        part = self.part(folder)
        if part is None:
            return None
        split, group = self.recipe.split, part.group
        out = split.held_out if part.held_out is None else part.held_out
        return lambda key: fold_of(split_key(key, group), split.folds) == out

    def skinless(self, folder: Path) -> bool:
        """The recipe declares that nothing in this folder is skin."""
        part = self.part(folder)
        return part is not None and part.kind == "skinless"

    def seen(self, dataset: Dataset) -> int:
        """How many of the set's pictures were trained on."""
        keep = self.keep(dataset.path)
        return 0 if keep is None else sum(not keep(item.key) for item in dataset.items)

    def part(self, folder: Path) -> DataSet | None:
        """The recipe's set that this folder is, by the end of its path."""
        parts = folder.resolve().parts
        for part in self.recipe.data:
            wanted = Path(part.path).parts
            if parts[-len(wanted) :] == wanted:
                return part
        return None
