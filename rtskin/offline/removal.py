"""Removing a work folder, so that nothing of it is ever taken for work to go on with, and nothing else is removed."""

from __future__ import annotations

import contextlib
import os
import shutil
from pathlib import Path

from rtskin.offline.folder import GONE, MANIFEST, is_ours


def remove(folder: Path) -> None:
    """What a work folder holds, and the folder, once nothing is left to do with it.

    The manifest loses its name first: a folder that is half removed is no work to go on with. The folder stays where it is a
    link (say, to a faster disk), where something is mounted or somebody's current folder, and if it holds other things.
    """
    if not folder.is_dir():
        return
    gone = folder / GONE
    with contextlib.suppress(OSError):
        gone.mkdir(exist_ok=True)
    for name in (MANIFEST, *os.listdir(folder)):
        if name != GONE and is_ours(name):
            # On some systems a file that is in use keeps its name; then that is left.
            with contextlib.suppress(OSError):
                os.replace(folder / name, gone / name)
    shutil.rmtree(gone, ignore_errors=True)
    with contextlib.suppress(OSError):
        if not os.path.samefile(folder, os.curdir):
            folder.rmdir()


def sweep(folder: Path) -> None:
    """Ends a removal that was killed."""
    if (folder / GONE).exists() and not (folder / MANIFEST).exists():
        remove(folder)
