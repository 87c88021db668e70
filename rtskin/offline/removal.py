"""Removing a work folder, so that nothing of it is ever taken for work to go on with."""

from __future__ import annotations

import shutil
from pathlib import Path


def remove(folder: Path) -> None:
    """The work folder, once nothing is left to do with it.

    It loses its name first: one that was killed half removed would be taken for work to go on with.
    """
    sweep(folder)
    gone = _unnamed(folder)
    try:
        folder.rename(gone)
    except OSError:  # a folder that is in use, on some systems
        gone = folder
    shutil.rmtree(gone, ignore_errors=True)


def sweep(folder: Path) -> None:
    """Removes what a removal left that was killed."""
    shutil.rmtree(_unnamed(folder), ignore_errors=True)


def _unnamed(folder: Path) -> Path:
    return folder.with_name(f".{folder.name}.done")
