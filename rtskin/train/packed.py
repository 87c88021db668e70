"""``python -m rtskin.train.packed FILE.pack --out DIR``: train the recipe in a pack with torch, OpenCV and numpy alone.

For machines that are lent for an hour: the tree as it is, no installation, one file of data. What comes out is
DIR/last.pt, for ``rtskin train export``; with ``--resume`` it goes on, here or at home.
"""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, RtskinError, nearest
from rtskin.train.data.packfile import contents, read
from rtskin.train.overrides import overridden
from rtskin.train.resolved import Resolved

log = logging.getLogger("rtskin.train")


def train(
    pack: Path, out: Path, resume: bool = False, settings: Sequence[str] = (), changes: dict[str, Any] | None = None
) -> Path:
    """Train the recipe in ``pack`` in the folder ``out``; returns the checkpoint to export.

    ``settings`` (KEY=VALUE) and ``changes`` (top-level keys) replace what the recipe says; nothing checks their values.
    InputError: no recipe in the pack, a key that it does not have, a training in ``out`` already and not ``resume``.
    """
    recipe = recipe_of(pack, settings, changes or {})
    # Threads that spin while they wait take the core from the one that makes the batches.
    os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
    from rtskin.train.data.sets import scan
    from rtskin.train.loop.checkpoint import BEST, LAST
    from rtskin.train.loop.progress import bar
    from rtskin.train.loop.trainer import Trainer

    if (out / LAST).exists() and not resume:
        raise InputError(f"{out} holds a training already; go on with --resume, or give another --out")
    with tempfile.TemporaryDirectory() as scratch:
        init, teachers = _states(pack, recipe, Path(scratch))
        trainer = Trainer(recipe, scan(recipe, [pack]), out, init, teachers)
    if resume:
        trainer.resume()
    with bar() as report:
        trainer.run(report)
    if trainer.stopped:
        log.info("stopped early at step %d: no better for %d validations", trainer.step, trainer.stop.waited)
    return out / (BEST if recipe.stop.patience else LAST)


def recipe_of(pack: Path, settings: Sequence[str], changes: dict[str, Any]) -> Any:
    """The recipe in a pack, with changes; stands for a :class:`rtskin.train.recipe.Recipe`."""
    packed = contents(pack).table["recipe"]
    if packed is None:
        raise InputError(f"the pack {pack} holds pictures only; pack a recipe: rtskin train pack RECIPE.toml --out …")
    table = overridden(packed, settings)
    _must_know(table, packed)
    if changes.get("minutes") or changes.get("steps"):
        table |= {"minutes": None, "steps": None}
    recipe = Resolved(table | changes)
    if not recipe.steps and not recipe.minutes:
        raise InputError("the recipe says neither steps nor minutes; give --steps or --minutes")
    return recipe


def _must_know(table: dict[str, Any], known: dict[str, Any]) -> None:
    """All keys are in the recipe already, which has every one there is."""
    for key, value in table.items():
        if key not in known:
            raise InputError(f"--set: there is no key {key!r}{nearest(key, known)}")
        if isinstance(value, dict) and isinstance(known[key], dict) and key not in ("options", "caps", "maps"):
            _must_know(value, known[key])


def _states(pack: Path, recipe: Any, folder: Path) -> tuple[Path | None, list[Path]]:
    """What the recipe starts from, and its teachers, as files in ``folder``."""
    names = [name for name in (recipe.net.init, *recipe.distil.teachers) if name]
    for name in names:
        try:
            (folder / name).write_bytes(read(pack, name))
        except OSError as error:
            raise InputError(f"the pack {pack} has no {name} that can be read: {error.strerror}") from error
    return folder / recipe.net.init if recipe.net.init else None, [folder / name for name in recipe.distil.teachers]


def main(arguments: Sequence[str] | None = None) -> int:
    """The command line; 1 where something is wrong, which it says in one line."""
    parser = argparse.ArgumentParser(prog="python -m rtskin.train.packed", description="Train the recipe in a pack.")
    parser.add_argument("pack", type=Path, metavar="FILE.pack", help="written by: rtskin train pack RECIPE.toml")
    parser.add_argument("--out", type=Path, required=True, help="folder for the checkpoint and the log")
    parser.add_argument("--resume", action="store_true", help="go on from the checkpoint in --out")
    parser.add_argument("--steps", type=int, help="train so many steps")
    parser.add_argument("--minutes", type=float, help="train about so long")
    parser.add_argument("--device", choices=["auto", "cpu", "cuda"], help="default: the recipe's")
    parser.add_argument("--threads", type=int, help="threads for the network; default: the recipe's")
    parser.add_argument("--workers", type=int, help="processes that make batches; default: the recipe's")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="another value in the recipe")
    given = parser.parse_args(arguments)
    if given.steps and given.minutes:
        parser.error("--minutes and --steps were both given; keep one of them")
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    keys = ("steps", "minutes", "device", "threads", "workers")
    changes = {key: value for key in keys if (value := getattr(given, key)) is not None}
    try:
        print(train(given.pack, given.out, given.resume, given.set, changes))
    except RtskinError as error:
        print(f"error: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
