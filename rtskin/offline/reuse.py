"""A folder that is there already, where a work folder is to be: gone on with, refused, or begun afresh."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable
from pathlib import Path

from rtskin.errors import InputError
from rtskin.offline.changes import changes
from rtskin.offline.finish import is_published
from rtskin.offline.folder import LEASES, MANIFEST, is_ours
from rtskin.offline.leases import Leases
from rtskin.offline.manifest import DAMAGED, Manifest
from rtskin.offline.removal import remove

log = logging.getLogger("rtskin.offline")


def refuse_place(path: Path, outputs: Iterable[str], elsewhere: str) -> None:
    """InputError where ``path`` can be no work folder: there is something else, or nothing can be there; or one of
    ``outputs`` lies in it, and would be removed with it. elsewhere: where else to plan, in words."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file, where a work folder was to be; choose {elsewhere}")
    if not path.exists() and path.is_symlink():
        raise InputError(f"{path} is a link to {os.readlink(path)}, which is not there; make that first")
    if not path.absolute().parent.is_dir():
        raise InputError(f"{path} cannot be the work folder: there is no folder {path.parent}; make it first")
    strange = [name for name in _names(path) if not is_ours(name)]
    if strange:
        raise InputError(f"{path} is no work folder, it holds {strange[0]}; choose {elsewhere}")
    inside = [output for output in outputs if Path(output).resolve().is_relative_to(path.resolve())]
    if inside:
        raise InputError(
            f"{inside[0]} would lie in the work folder {path}, which is removed in the end; choose {elsewhere}"
        )


def planned_before(path: Path, now: Manifest, afresh: bool, elsewhere: str) -> Manifest | None:
    """The manifest of the render that is kept there, if it is the one that is planned ``now``; None where there is none.

    Another is dropped where it is to be begun ``afresh``, which is said. InputError: it is not; somebody works on it; it
    cannot be read (a disk that hiccups is no reason to drop what is on it).
    """
    if not (path / MANIFEST).exists():
        return None
    there = Manifest.read(path / MANIFEST)
    different = f"it {DAMAGED}" if there is None else "; ".join(changes(there, now))
    if not different:
        return there
    if not afresh:
        ways = f"begin afresh with --overwrite, or choose {elsewhere}"
        if there is None:
            raise InputError(f"the render that is kept in {path} cannot be gone on with: {different}; {ways}")
        if is_published(path):
            raise InputError(f"{path} keeps another render, which is complete: {different}. To make this one, {ways}")
        raise InputError(
            f"{path} keeps another render, which is not complete: {different}. Go on with that one (as it was), {ways}"
        )
    _drop(path, f"cannot be gone on with: {different}" if there is None else f"was another one: {different}", elsewhere)
    return None


def _drop(path: Path, why: str, elsewhere: str) -> None:
    if holder := Leases(path / LEASES, seconds=0).holder():
        raise InputError(f"{path} is being worked on by {holder}; stop that first, or choose {elsewhere}")
    log.warning("begun afresh: the render that was kept in %s %s", path, why)
    remove(path)


def _names(path: Path) -> list[str]:
    return [item.name for item in path.iterdir()] if path.is_dir() else []
