"""Terms of each picture: a table beside the data that a recipe names as ``terms_file``."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Sequence
from pathlib import Path, PurePosixPath
from typing import Any, Protocol

from rtskin.errors import InputError

#: The columns that a table must have.
_FILE, _TERMS = "file", "licence"


class Named(Protocol):
    """A set of a recipe: its name, and the table that it names."""

    @property
    def name(self) -> str: ...
    @property
    def terms_file(self) -> str | None: ...


def find(spec: Named, roots: Sequence[Any]) -> Path:
    """``spec.terms_file`` below the first root that has it; InputError."""
    folders = [root for root in roots if isinstance(root, Path)]
    for root in folders:
        if (root / str(spec.terms_file)).is_file():
            return root / str(spec.terms_file)
    places = ", ".join(str(root) for root in folders)
    raise InputError(f"the data set {spec.name!r}: there is no terms_file {spec.terms_file!r} in {places}; see --data")


def check(spec: Named, file: Path, names: Iterable[str]) -> None:
    """InputError where the table does not give terms for one of ``names``, paths of pictures below the set's folder.

    Tab-separated with a first row of names, among them "file" (a path below the data folder: SET/…) and "licence". The set
    that it begins with and the extension do not matter, so that labels of the same pictures have the same table.
    """
    try:
        with file.open(encoding="utf-8", newline="") as stream:
            rows = list(csv.DictReader(stream, delimiter="\t"))
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"the terms_file {file} cannot be read: {error}") from error
    if not rows or not {_FILE, _TERMS} <= rows[0].keys():
        raise InputError(f"the terms_file {file} needs tab-separated columns {_FILE!r} and {_TERMS!r}")
    known = {_key(row[_FILE], 1) for row in rows if row[_FILE] and row[_TERMS]}
    lacking = sorted(name for name in names if _key(name) not in known)
    if lacking:
        more = f" (and {len(lacking) - 1} more)" if len(lacking) > 1 else ""
        raise InputError(f"the data set {spec.name!r}: {file} gives no terms for {lacking[0]}{more}")


def _key(path: str, skipped: int = 0) -> str:
    parts = PurePosixPath(path).with_suffix("").parts[skipped:]
    return "/".join(parts[1:] if parts[:1] == ("images",) else parts)
