"""Removing a work folder, so that nothing of it is ever taken for work to go on with, and nothing else is removed."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from rtskin.offline.folder import GONE, MANIFEST, is_ours


def remove(folder: Path) -> None:
    """What a work folder holds, and the folder, once nothing is left to do with it.

    It loses its name first: one that was killed half removed would be taken for work to go on with. The folder stays, and is
    emptied, where it is a link (say, to a faster disk), where something is mounted or this process's current folder; and if
    it holds other things, with these.
    """
    if not folder.is_dir():
        return
    sweep(folder)
    gone = _unnamed(folder)
    if _may_vanish(folder):
        with contextlib.suppress(OSError):  # something is mounted there; or it is in use, on some systems
            folder.rename(gone)
            shutil.rmtree(gone, ignore_errors=True)
            return
    _empty(folder)


def sweep(folder: Path) -> None:
    """Ends a removal that was killed."""
    shutil.rmtree(_unnamed(folder), ignore_errors=True)
    if (folder / GONE).exists() and not (folder / MANIFEST).exists():
        _empty(folder)


def _empty(folder: Path) -> None:
    """The manifest loses its name first, as it is what makes it a work folder."""
    gone = folder / GONE
    with contextlib.suppress(OSError):
        gone.mkdir(exist_ok=True)
    for name in (MANIFEST, *os.listdir(folder)):
        if name != GONE and is_ours(name):
            with contextlib.suppress(OSError):
                os.replace(folder / name, gone / name)
    shutil.rmtree(gone, ignore_errors=True)


def _may_vanish(folder: Path) -> bool:
    is_current = os.path.samefile(folder, os.curdir)
    return not (folder.is_symlink() or is_current) and all(map(is_ours, os.listdir(folder)))


def _unnamed(folder: Path) -> Path:
    whole = Path(os.path.abspath(folder))
    return whole.parent / f".{whole.name}.done"
