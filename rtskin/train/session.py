"""One training from a recipe on disk to a checkpoint: what the verb ``rtskin train`` does, for Python."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, MissingExtraError, RtskinError
from rtskin.train import recipe as recipes
from rtskin.train.data.sets import scan
from rtskin.train.overrides import overridden
from rtskin.train.terms.origins import with_origins

log = logging.getLogger("rtskin.train")

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
    device: str | None = None,
    tensorboard: bool = False,
    settings: Sequence[str] = (),
    interrupted: Callable[[], bool] = lambda: False,
) -> Path:
    """Train the recipe at ``path`` in the folder ``out``; returns the checkpoint to export (early stopping: of the best).

    ``minutes`` or ``steps``, ``threads``, ``device``, ``tensorboard`` and ``settings`` (KEY=VALUE, see
    rtskin.train.overrides) replace what the recipe says. At the end curves.png and worst.png are beside the checkpoint
    (rtskin.train.report). ``interrupted`` is asked after each step. InputError for a recipe or data that cannot be used, and
    for a folder that holds a training already unless ``resume``; InterruptedTrainingError before its
    last step: what was trained is in the checkpoint.
    """
    changes = {"threads": threads, "device": device, "tensorboard": tensorboard or None}
    table = _changed(overridden(recipes.read(path), settings), minutes, steps, changes)
    places = list(roots or ROOTS)
    recipe = with_origins(recipes.parse(table, str(path)), path.parent, places)
    if not recipe.steps and not recipe.minutes:
        raise InputError(f"{path} says neither steps nor minutes; give one of them there, or --steps or --minutes")
    sets = scan(recipe, places)
    # Threads that spin while they wait take the core from the one that makes the batches.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    try:
        import torch  # noqa: F401
    except ImportError as error:
        raise MissingExtraError("torch", "train", "training") from error
    from rtskin.train import report as reports
    from rtskin.train.loop.checkpoint import BEST, LAST, averaged
    from rtskin.train.loop.progress import bar
    from rtskin.train.loop.trainer import InterruptedTrainingError, Trainer

    last = out / LAST
    if last.exists() and not resume:
        raise InputError(f"{out} holds a training already; go on with --resume, or give another --out")
    init = path.parent / recipe.net.init if recipe.net.init else None
    trainer = Trainer(recipe, sets, out, init, [path.parent / name for name in recipe.distil.teachers], path.parent)
    if resume:
        trainer.resume()
    with bar(quiet) as report:
        trainer.run(report, interrupted)
    if interrupted() and trainer.step != trainer.total and not trainer.stopped:
        steps_of = f"step {trainer.step}" + (f" of {trainer.total}" if trainer.total else "")
        raise InterruptedTrainingError(f"interrupted at {steps_of}; the checkpoint is {last}: go on with --resume")
    if trainer.stopped:
        log.info("stopped early at step %d: no better for %d validations", trainer.step, trainer.stop.waited)
    best = out / BEST if recipe.stop.patience else last
    try:
        reports.write(out, trainer.validation, averaged(best)[1])
    except (RtskinError, ImportError) as error:
        # Pictures are no reason to lose what was trained.
        log.warning("no pictures of the training: %s", error)
    return best


def _changed(
    table: dict[str, Any], minutes: float | None, steps: int | None, changes: dict[str, Any]
) -> dict[str, Any]:
    if minutes and steps:
        raise InputError("--minutes and --steps were both given; keep one of them")
    if minutes or steps:
        table = {key: value for key, value in table.items() if key not in ("minutes", "steps")}
        changes = {**changes, "minutes": minutes, "steps": steps}
    return {**table, **{key: value for key, value in changes.items() if value is not None}}
