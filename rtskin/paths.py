"""Where models and pipelines are found: what the caller names first, then the user's folder, then the bundled one.

In a wheel the bundled folders are ``rtskin/_data/{models,pipelines}``. In a checkout or an editable install they are the
top-level folders, accepted only if the pyproject.toml beside them is rtskin's.
"""

from __future__ import annotations

import os
import tomllib
from functools import cache
from pathlib import Path
from typing import Literal, cast

from rtskin.errors import InputError, UnknownNameError

Kind = Literal["models", "labels", "pipelines"]

#: What a folder of each kind holds: a model is a folder with a card, a pipeline a file. Networks that label regions lie
#: beside the models that make masks, with a card of another name.
_MARK = {"models": "{name}/model.toml", "labels": "{name}/label.toml", "pipelines": "{name}.toml"}
_NOUN = {"models": "model", "labels": "label model", "pipelines": "pipeline"}
_FOLDER = {"labels": "models"}


def find(kind: Kind, name: str | os.PathLike[str]) -> Path:
    """The file that ``name`` stands for: a model's card (model.toml) or a pipeline's TOML.

    ``name`` may be a path (it ends in .toml, or holds a separator): then it must exist. Else it is looked up in the
    folders of :func:`folders`. UnknownNameError names the nearest.
    """
    text = os.fspath(name)
    if text.endswith(".toml") or os.sep in text or "/" in text:
        return _existing(kind, Path(text))
    for folder in folders(kind):
        path = folder / _MARK[kind].format(name=text)
        if is_file(path):
            return path
    raise UnknownNameError(_NOUN[kind], text, names(kind))


def names(kind: Kind) -> list[str]:
    """All names of that kind in all folders, sorted."""
    pattern = _MARK[kind].format(name="*")
    found = (path for folder in folders(kind) if is_folder(folder) for path in folder.glob(pattern))
    return sorted({path.stem if kind == "pipelines" else path.parent.name for path in found})


def folders(kind: Kind) -> list[Path]:
    """The folders that are searched, first to last: $RTSKIN_MODELS or $RTSKIN_PIPELINES, the user's, the bundled."""
    home = cast(Kind, _FOLDER.get(kind, kind))
    variable = os.environ.get(f"RTSKIN_{home.upper()}")
    chosen = [Path(part) for part in variable.split(os.pathsep) if part] if variable else []
    return [*chosen, user_folder(home), bundled_folder(home)]


def user_folder(kind: Kind) -> Path:
    """Where the user's own models or pipelines live; it need not exist."""
    import platformdirs

    return Path(platformdirs.user_data_dir("rtskin", appauthor=False)) / kind


@cache
def bundled_folder(kind: Kind) -> Path:
    """What came with the package; InputError where the installation is incomplete."""
    package = Path(__file__).resolve().parent
    wheel = package / "_data" / kind
    if wheel.is_dir():
        return wheel
    checkout = package.parent / kind
    if checkout.is_dir() and _is_rtskin(package.parent / "pyproject.toml"):
        return checkout
    raise InputError(f"the bundled {kind} are missing from {package}; install rtskin again")


def is_file(path: Path) -> bool:
    """False also where it may not be looked at: a home of somebody else's is no reason to fail."""
    try:
        return path.is_file()
    except OSError:
        return False


def is_folder(path: Path) -> bool:
    """As :func:`is_file`."""
    try:
        return path.is_dir() and os.access(path, os.R_OK | os.X_OK)
    except OSError:
        return False


def _existing(kind: Kind, path: Path) -> Path:
    inside = path / _MARK[kind].format(name=".")
    if kind != "pipelines" and inside.is_file():
        return inside
    if path.is_file():
        return path
    raise InputError(f"there is no {_NOUN[kind]} at {path}")


def _is_rtskin(project: Path) -> bool:
    try:
        return tomllib.loads(project.read_text("utf-8"))["project"]["name"] == "rtskin"
    except (OSError, KeyError, ValueError):
        return False
