"""The user's folder of models: a model appears in it whole, or not at all, and goes as a whole."""

from __future__ import annotations

import os
import secrets
import shutil
from collections.abc import Callable
from pathlib import Path

from rtskin import paths
from rtskin.errors import InputError, OutputExistsError, SinkError, UnknownNameError, reason
from rtskin.infer.cards import Card

CARD = "model.toml"
#: Gets an empty folder, and returns the card of what it wrote there.
Fill = Callable[[Path], Card]


def home(folder: Path | None = None) -> Path:
    """Where models are installed: ``folder``, or the first of $RTSKIN_MODELS, or the user's."""
    return folder or paths.folders("models")[0]


def check_free(name: str, folder: Path | None = None, overwrite: bool = False) -> None:
    """To be asked before the work: OutputExistsError where a model has that name already, here or in another folder."""
    here = home(folder) / name
    taken = [
        found for found in (place / name for place in [home(folder), *paths.folders("models")]) if _is_model(found)
    ]
    if not taken or (overwrite and taken[0] == here):
        return
    if taken[0] == here:
        raise OutputExistsError(
            f"a model called {name} is at {here}; replace it with --overwrite, or choose a name by --as"
        )
    raise OutputExistsError(
        f"a model called {name} is at {taken[0]}, and two of one name would be mixed up; choose another by --as {name}-2"
    )


def install(name: str, fill: Fill, folder: Path | None = None, overwrite: bool = False) -> Card:
    """Make the model ``name`` of what ``fill`` writes, its card last; the card as it lies there.

    OutputExistsError; SinkError where there is no room or no right to write: then nothing is left behind, and a model that
    was to be replaced is still there.
    """
    check_free(name, folder, overwrite)
    target = home(folder) / name
    part = target.with_name(f".{name}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir(parents=True)
        card = fill(part)
        card.save(part / CARD)
        _swap(part, target)
    except OSError as error:
        if isinstance(error, SinkError):
            raise
        raise SinkError(f"the model {name} cannot be put into {target.parent}: {reason(error)}") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
    return Card.load(target / CARD)


def remove(name: str, folder: Path | None = None) -> Path:
    """Delete a model that was installed; where it was. UnknownNameError; InputError for one that came with rtskin."""
    here = home(folder) / name
    if not _is_model(here):
        if name in paths.names("models"):
            where = paths.find("models", name).parent
            raise InputError(
                f"{name} is at {where}, which is not the folder of your models ({home(folder)}): left as it is"
            )
        own = [path.parent.name for path in home(folder).glob(f"*/{CARD}")]
        raise UnknownNameError("installed model", name, own)
    gone = here.with_name(f".{name}.{secrets.token_hex(4)}.part")
    try:
        os.rename(here, gone)  # from now on nobody finds half of it
        shutil.rmtree(gone)
    except OSError as error:
        raise SinkError(f"{here} cannot be removed: {reason(error)}") from error
    return here


def _swap(part: Path, target: Path) -> None:
    """Put ``part`` in the place of ``target``, which may be there."""
    if not target.exists():
        os.rename(part, target)
        return
    old = target.with_name(f"{part.name}.old")
    os.rename(target, old)
    try:
        os.rename(part, target)
    except OSError:
        os.rename(old, target)
        raise
    shutil.rmtree(old, ignore_errors=True)


def _is_model(path: Path) -> bool:
    return paths.is_file(path / CARD)
