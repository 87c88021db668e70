"""Where a training's weights came from: whether what it began with has seen the pictures that it is measured on."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rtskin.errors import InputError
from rtskin.evaluate.datasets import Dataset
from rtskin.evaluate.held_out import HeldOut

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe

#: Weights that began with weights that began with … : more than this is a circle.
_LONGEST = 20


def check_unseen(recipe: Recipe, folder: Path, kept_out: Sequence[Dataset]) -> list[str]:
    """What must be said of the weights that a recipe begins with; InputError where they have seen what is kept out.

    folder: what ``net.init`` is relative to. They are asked for their own recipe, and for the weights that those began
    with. What was trained on labels that another network made cannot be traced.
    """
    notes: list[str] = []
    for _ in range(_LONGEST):
        if recipe.net.init is None:
            return notes
        weights = folder / recipe.net.init
        if notes and not weights.exists():
            return [
                *notes,
                f"{weights.name}, which these began with, is not here: whether it has seen the set is not known.",
            ]
        recipe, folder = _recipe_of(weights)
        for dataset in kept_out:
            seen = HeldOut(recipe).seen(dataset)
            if seen:
                raise InputError(
                    f"{weights}, which the recipe begins with (net.init), was trained on {seen} of the "
                    f"{len(dataset.items)} pictures of {dataset.path.name} that a fold keeps out, so the figure would prove "
                    "nothing; begin with weights that have not seen the set, or with none"
                )
        notes.append(f"Begun with {weights.name} of {recipe.name}, whose recipe does not train on these pictures.")
    raise InputError(f"the weights at {folder} began with themselves; set another net.init")


def _recipe_of(weights: Path) -> tuple[Recipe, Path]:
    """The recipe that made the weights, and what its paths are relative to."""
    from rtskin.train import checkpoint
    from rtskin.train.recipe import load, parse

    if weights.is_dir() or weights.suffix in (".toml", ".onnx"):
        folder = weights if weights.is_dir() else weights.parent
        if not (folder / "recipe.toml").is_file():
            raise InputError(
                f"{weights}, which the recipe begins with (net.init), has no recipe.toml beside it, so nobody knows what "
                "it was trained on; put it there, or begin with other weights"
            )
        return load(folder / "recipe.toml"), folder
    state = checkpoint.load(weights)
    return parse(json.loads(state["recipe"]), str(weights)), weights.parent
