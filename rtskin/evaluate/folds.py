"""Cross-validation: as many trainings as folds, each measured on the pictures of one set that it has not seen.

For sets so small that the pictures one training keeps out prove nothing (Stone, Cross-validatory choice and assessment of
statistical predictions, 1974). Each fold lives in a folder of its own, OUT/fold0 …: its recipe, its checkpoint, its
exported model. What is there is not trained again.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from rtskin.errors import InputError
from rtskin.evaluate.breakdown import together
from rtskin.evaluate.datasets import Dataset
from rtskin.evaluate.origin import check_unseen
from rtskin.evaluate.run import Report
from rtskin.evaluate.twice import check_once
from rtskin.files import write_text

if TYPE_CHECKING:
    from rtskin.train.recipe import DataSet, Recipe

#: Trains the recipe at a path in a folder (going on where one was stopped) and gives the checkpoint.
Train = Callable[[Path, Path, bool], Path]
#: Writes the card and weights of a checkpoint to a folder, the card last.
Export = Callable[[Path, Path], object]
#: Measures the pictures of one fold with the fold's network beside the other models.
Measure = Callable[[Dataset, Mapping[str, Path]], Report]


@dataclass(frozen=True)
class Fold:
    """One of them: its number, its folder, its recipe, and the pictures that it keeps out."""

    number: int
    folder: Path
    recipe: Recipe
    dataset: Dataset

    @property
    def card(self) -> Path:
        """The card of its network, the last thing that is written."""
        return self.folder / "model" / "model.toml"


def plan(
    path: Path, dataset: Dataset, folds: int, out: Path, steps: int | None = None, roots: Sequence[Path] | None = None
) -> tuple[list[Fold], list[str]]:
    """The folds, and what must be said of them; nothing is written yet.

    path: of the recipe. dataset: the whole set, which is one of the recipe's. folds: with as many as the recipe's own split
    has, the other sets keep out what they did, else they are split anew. steps: instead of the recipe's length. roots: where
    the recipe's sets are; None: where this one is. InputError where the set is none of the recipe's or stays on one side of
    the split as a whole, a fold has no pictures, the weights to begin with have seen them or another set of the recipe has
    them too, or ``out`` holds folds of another recipe.
    """
    from rtskin.evaluate.held_out import HeldOut
    from rtskin.train.recipe import load

    recipe = load(path)
    part = HeldOut(recipe).part(dataset.path)
    if part is None:
        raise InputError(f"{path} is not trained on {dataset.path}, so all of it is kept out: leave out --folds")
    if part.group is not None:
        raise InputError(f"{part.name!r} has one group in {path} and stays on one side of a split; it cannot be folded")
    whole = _begun(recipe, path, steps)
    planned = [_fold(number, whole, part, dataset, folds, out) for number in range(folds)]
    notes = check_unseen(whole, out, [fold.dataset for fold in planned])
    check_once(whole, part.name, dataset, planned, list(roots or roots_for(dataset, path)))
    for fold in planned:
        _check_same(fold)
    return planned, [_about(whole, dataset, folds), *notes]


def run(folds: Sequence[Fold], train: Train, measure: Measure, name: str, export: Export | None = None) -> Report:
    """Train what is not there yet, measure each fold's pictures, and join them into one report of the whole set.

    ``name``: what the folds' networks are called together. export: rtskin.train.export's unless given.
    """
    reports = []
    for fold in folds:
        if not fold.card.exists():
            _train(fold, train, export)
        reports.append(measure(fold.dataset, {name: fold.card}))
    first = reports[0]
    results = together([report.results[0] for report in reports], first.results[0].dataset)
    return Report(first.models, [results], first.seed, first.draws, first.traits)


def roots_for(dataset: Dataset, recipe: Path) -> list[Path]:
    """The folder that the recipe's paths are in, as far as the set's own place tells."""
    from rtskin.evaluate.held_out import HeldOut

    part = HeldOut(recipe).part(dataset.path)
    depth = len(Path(part.path).parts) if part else 1
    return [dataset.path.resolve().parents[depth - 1]]


def _begun(recipe: Recipe, path: Path, steps: int | None) -> Recipe:
    """The recipe with its length, with weights that are found from anywhere, and without an early stop."""
    if steps is not None:
        recipe = recipe.model_copy(update={"steps": steps, "minutes": None})
    if not recipe.steps and not recipe.minutes:
        raise InputError(f"{path} says neither steps nor minutes; give one of them there, or --steps")
    if recipe.schedule.name == "plateau":
        raise InputError(f"{path}: the schedule plateau goes by the very pictures that a fold keeps out; take cosine")
    init = recipe.net.init and str((path.parent / recipe.net.init).resolve())
    teachers = [str((path.parent / name).resolve()) for name in recipe.distil.teachers]
    return recipe.model_copy(
        update={
            "net": recipe.net.model_copy(update={"init": init}),
            "distil": recipe.distil.model_copy(update={"teachers": teachers}),
            # Stopping early picks the weights by the very pictures that are kept out.
            "stop": recipe.stop.model_copy(update={"patience": 0}),
        }
    )


def _fold(number: int, recipe: Recipe, part: DataSet, dataset: Dataset, folds: int, out: Path) -> Fold:
    from rtskin.evaluate.held_out import HeldOut

    data = [
        one.model_copy(update={"held_out": number}) if one.name == part.name else _kept(one, recipe, folds)
        for one in recipe.data
    ]
    split = recipe.split.model_copy(update={"folds": folds, "held_out": min(recipe.split.held_out, folds - 1)})
    mine = recipe.model_copy(update={"data": data, "split": split})
    keep = HeldOut(mine).keep(dataset.path)
    items = [item for item in dataset.items if keep is None or keep(item.key)]
    if not items:
        raise InputError(f"fold {number} of {folds} holds none of the {len(dataset.items)} pictures; use fewer --folds")
    return Fold(number, out / f"fold{number}", mine, replace(dataset, items=items))


def _kept(part: DataSet, recipe: Recipe, folds: int) -> DataSet:
    """Another set's own fold, where there are as many as the recipe has."""
    if part.held_out is None or part.held_out < folds:
        return part
    return part.model_copy(update={"held_out": part.held_out % folds})


def _check_same(fold: Fold) -> None:
    """InputError where the fold's folder was made by another recipe."""
    from rtskin.train.recipe import load

    written = fold.folder / "recipe.toml"
    if not written.exists():
        return
    old, new = load(written).model_dump(mode="json"), fold.recipe.model_dump(mode="json")
    changed = sorted(key for key in new if old.get(key) != new[key])
    if changed:
        raise InputError(f"{fold.folder} was trained by another recipe ({', '.join(changed)}); give another --out")


def _train(fold: Fold, train: Train, export: Export | None) -> None:
    from rtskin.infer.card_toml import dumps
    from rtskin.train.export import export as to_onnx
    from rtskin.train.loop.checkpoint import LAST

    fold.folder.mkdir(parents=True, exist_ok=True)
    recipe = fold.folder / "recipe.toml"
    write_text(recipe, dumps(fold.recipe.model_dump(mode="json", exclude_none=True)), overwrite=True)
    checkpoint = train(recipe, fold.folder, (fold.folder / LAST).exists())
    (export or to_onnx)(checkpoint, fold.folder / "model")


def _about(recipe: Recipe, dataset: Dataset, folds: int) -> str:
    length = f"{recipe.steps} steps" if recipe.steps else f"{recipe.minutes:g} minutes"
    return (
        f"{dataset.name}: {folds} trainings of {recipe.name}, {length} each; every picture is measured by the one that has "
        "not seen it. The other models are as they are: whether they have seen it is not known here."
    )
