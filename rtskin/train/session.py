"""One training from a recipe on disk to a checkpoint: what the verb ``rtskin train`` does, for Python."""

from __future__ import annotations

import os
from pathlib import Path

from rtskin.errors import InputError, MissingExtraError
from rtskin.train import recipe as recipes
from rtskin.train.data import scan

#: Where data is looked for when nothing is said: the pictures, and what was labelled.
ROOTS = (Path("../shared/data"), Path("../labels"))


def train(
    path: Path,
    out: Path,
    roots: list[Path] | None = None,
    resume: bool = False,
    minutes: float | None = None,
    steps: int | None = None,
    threads: int | None = None,
    quiet: bool = False,
) -> Path:
    """Train the recipe at ``path`` in the folder ``out``; returns the checkpoint.

    ``minutes`` or ``steps`` replace what the recipe says. InputError for a recipe or data that cannot be used, and for a
    folder that holds a training already unless ``resume``.
    """
    recipe = _override(recipes.load(path), minutes, steps, threads)
    if not recipe.steps and not recipe.minutes:
        raise InputError(f"{path} says neither steps nor minutes; give one of them there, or --steps or --minutes")
    sets = scan(recipe, list(roots or ROOTS))
    # Threads that spin while they wait take the core from the one that makes the batches.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("torch", "train", "training") from error
    from rtskin.train.checkpoint import LAST
    from rtskin.train.loop import Trainer
    from rtskin.train.progress import bar

    last = out / LAST
    if last.exists() and not resume:
        raise InputError(f"{out} holds a training already; go on with --resume, or give another --out")
    init = path.parent / recipe.net.init if recipe.net.init else None
    trainer = Trainer(recipe, sets, out, init, [path.parent / name for name in recipe.distil.teachers])
    if resume:
        trainer.resume()
    with bar(quiet) as report:
        trainer.run(report)
    return last


def _override(recipe: recipes.Recipe, minutes: float | None, steps: int | None, threads: int | None) -> recipes.Recipe:
    changes: dict[str, float | int | None] = {}
    if minutes and steps:
        raise InputError("--minutes and --steps were both given; keep one of them")
    if minutes or steps:
        changes = {"minutes": minutes, "steps": steps}
    if threads:
        changes["threads"] = threads
    return recipes.parse({**recipe.model_dump(), **changes})
