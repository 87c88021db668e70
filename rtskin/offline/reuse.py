"""A folder that is there already, where a work folder is to be: gone on with, refused, or begun afresh."""

from __future__ import annotations

import logging
from pathlib import Path

from rtskin.errors import InputError
from rtskin.offline.changes import changes
from rtskin.offline.finish import is_published
from rtskin.offline.folder import FINISH, LEASES, MANIFEST, SEGMENTS, TABLE
from rtskin.offline.leases import Leases
from rtskin.offline.manifest import DAMAGED, Manifest
from rtskin.offline.removal import remove

log = logging.getLogger("rtskin.offline")

#: In a folder that was being made a work folder when something stopped it.
_OURS = (MANIFEST, TABLE, SEGMENTS, LEASES, FINISH, "logs")


def refuse_others_folder(path: Path, elsewhere: str) -> None:
    """InputError where ``path`` holds something that no work folder holds. elsewhere: where else to plan, in words."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file, where a work folder was to be; choose {elsewhere}")
    strange = [name for name in _names(path) if name not in _OURS and not name.endswith(".part")]
    if strange:
        raise InputError(f"{path} is no work folder, it holds {strange[0]}; choose {elsewhere}")


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
        if is_published(path / FINISH):
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
