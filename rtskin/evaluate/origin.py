"""Where a training's weights came from: whether what it began with has seen the pictures that it is measured on."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from rtskin.errors import InputError, MissingExtraError
from rtskin.evaluate.datasets import Dataset
from rtskin.evaluate.held_out import HeldOut

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe

_INIT, _TEACHER = "net.init", "distil.teachers"


def check_unseen(recipe: Recipe, folder: Path, kept_out: Sequence[Dataset]) -> list[str]:
    """What must be said of the weights that a recipe begins with, and of its teachers; InputError where they have seen what
    is kept out.

    folder: what ``net.init`` and ``distil.teachers`` are relative to. Each is asked for its own recipe, and for what that
    began with and was taught by. What was trained on labels that another network made cannot be traced.
    """
    return list(_check(recipe, folder, kept_out, ()))


def _check(recipe: Recipe, folder: Path, kept_out: Sequence[Dataset], before: tuple[Path, ...]) -> Iterator[str]:
    for key, weights in _sources(recipe, folder):
        if weights.resolve() in before:
            # A model that goes on from itself, as it shipped before: its recipe was asked already.
            yield f"{weights.name} ({key} of {recipe.name}) is an earlier state of itself: only this recipe is known."
            continue
        found = _recipe_of(weights, key, must_be_known=not before and key == _INIT)
        if found is None:
            yield f"{weights.name} ({key} of {recipe.name}) has no recipe here: whether it has seen the set is not known."
            continue
        theirs, place = found
        for dataset in kept_out:
            seen = HeldOut(theirs).seen(dataset)
            if seen:
                raise InputError(
                    f"{weights} ({key} of {recipe.name}) was trained on {seen} of the {len(dataset.items)} pictures of "
                    f"{dataset.path.name} that count as kept out, so the figure would prove nothing; "
                    "take weights that have not seen them, or none"
                )
        yield f"{weights.name} ({key} of {recipe.name}) was made by {theirs.name}, which does not train on these pictures."
        yield from _check(theirs, place, kept_out, (*before, weights.resolve(), *_models(weights, place)))


def _models(weights: Path, folder: Path) -> tuple[Path, ...]:
    """Other names of the same weights, where they are a model: its folder, its card, its file."""
    if not weights.is_dir() and weights.suffix not in (".toml", ".onnx"):
        return ()
    return tuple(path.resolve() for path in (folder, *folder.glob("*.toml"), *folder.glob("*.onnx")))


def _sources(recipe: Recipe, folder: Path) -> list[tuple[str, Path]]:
    first = [(_INIT, folder / recipe.net.init)] if recipe.net.init else []
    return [*first, *((_TEACHER, folder / name) for name in recipe.distil.teachers)]


def _recipe_of(weights: Path, key: str, must_be_known: bool) -> tuple[Recipe, Path] | None:
    """The recipe that made the weights, and what its paths are relative to; None where it cannot be had."""
    from rtskin.train.loop import checkpoint
    from rtskin.train.recipe import load, parse

    if not weights.exists() and not must_be_known:
        return None
    if weights.is_dir() or weights.suffix in (".toml", ".onnx"):
        folder = weights if weights.is_dir() else weights.parent
        if (folder / "recipe.toml").is_file():
            return load(folder / "recipe.toml"), folder
        if not must_be_known:
            return None
        raise InputError(
            f"{weights}, which the recipe begins with ({key}), has no recipe.toml beside it, so nobody knows what it was "
            "trained on; put it there, or begin with other weights"
        )
    try:
        state = checkpoint.load(weights)
    except ImportError as error:
        raise MissingExtraError("torch", "train", f"asking {weights} what it was trained on") from error
    return parse(json.loads(state["recipe"]), str(weights)), Path(state.get("place") or weights.parent)
