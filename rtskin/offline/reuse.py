"""A folder that is there already, where a work folder is to be: gone on with, refused, or begun afresh."""

from __future__ import annotations

import logging
from pathlib import Path

from rtskin.errors import InputError, reason
from rtskin.offline.changes import changes
from rtskin.offline.folder import FINISH, LEASES, MANIFEST, SEGMENTS
from rtskin.offline.leases import Leases
from rtskin.offline.manifest import Manifest
from rtskin.offline.removal import remove

log = logging.getLogger("rtskin.offline")

#: In a folder that was being made a work folder when something stopped it.
_OURS = (MANIFEST, "frames.npy", SEGMENTS, LEASES, FINISH, "logs")


def refuse_others_folder(path: Path) -> None:
    """InputError where ``path`` holds something that no work folder holds."""
    if path.exists() and not path.is_dir():
        raise InputError(f"{path} is a file; a work folder needs a name of its own (--work)")
    strange = [name for name in _names(path) if name not in _OURS and not name.endswith(".part")]
    if strange:
        raise InputError(f"{path} is no work folder, it holds {strange[0]}; choose another (--work)")


def planned_before(path: Path, now: Manifest, afresh: bool) -> Manifest | None:
    """The manifest of the render that was stopped there, if it is the one that is planned ``now``; None where there is none.

    Another is dropped where it is to be begun ``afresh``, which is said. InputError: it is not; somebody works on it.
    """
    if not (path / MANIFEST).exists():
        return None
    try:
        (path / MANIFEST).read_bytes()
    except OSError as error:  # a disk that hiccups is no reason to drop what is on it
        raise InputError(f"{path / MANIFEST} cannot be read: {reason(error)}") from None
    try:
        there = Manifest.load(path / MANIFEST)
    except InputError:
        if not afresh:
            raise
        _drop(path, "cannot be gone on with: it is damaged, or of another version of rtskin")
        return None
    different = "; ".join(changes(there, now))
    if not different:
        return there
    if not afresh:
        raise InputError(
            f"{path} keeps another render, which was stopped: {different}. Go on with that one (as it was), begin afresh "
            "with --overwrite, or choose another folder with --work"
        )
    _drop(path, f"was another one: {different}")
    return None


def _drop(path: Path, why: str) -> None:
    if holder := Leases(path / LEASES, seconds=0).holder():
        raise InputError(f"{path} is being worked on by {holder}; stop that first, or choose another folder")
    log.warning("begun afresh: the render that was stopped in %s %s", path, why)
    remove(path)


def _names(path: Path) -> list[str]:
    return [item.name for item in path.iterdir()] if path.is_dir() else []
