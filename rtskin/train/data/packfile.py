"""Packs, read: a whole training's data in one file, without unpacking it and with nothing but the standard library.

A pack is a ZIP of stored entries: ``unzip`` opens it, any picture can be read by itself, all of it front to back, and every
entry has its CRC-32. The first, ``pack.json``, is a table: ``format`` (1), ``long_side``, ``quality`` and ``recipe`` (a
resolved recipe, or null). ``data/`` holds the pictures under the paths that they had below their data folder; whatever
their extension says, they are WebP (images lossy, planes lossless), and empty where there was none that could be read.
``init.pt`` and ``teacher-N.pt`` are checkpoints that the recipe starts from and learns from; ``terms/`` is what the folders
said about the terms of their pictures.
"""

from __future__ import annotations

import bisect
import functools
import json
import os
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from rtskin.errors import InputError

INDEX = "pack.json"
#: The folder of the pictures.
DATA = "data"
FORMAT = 1


@dataclass(frozen=True, order=True)
class PackPath:
    """A file or folder in a pack, with as much of :class:`pathlib.Path` as reading data sets takes."""

    pack: Path
    name: str = DATA

    def __truediv__(self, part: str) -> PackPath:
        return PackPath(self.pack, str(PurePosixPath(self.name) / part))

    def __str__(self) -> str:
        return f"{self.pack}:{self.name}"

    @property
    def suffix(self) -> str:
        return PurePosixPath(self.name).suffix

    def is_dir(self) -> bool:
        return bool(self._below())

    def is_file(self) -> bool:
        return self.name in contents(self.pack).files

    def rglob(self, pattern: str) -> Iterator[PackPath]:
        """All files below, sorted; ``pattern`` is "*"."""
        assert pattern == "*", "a pack lists everything or nothing"
        return (PackPath(self.pack, name) for name in self._below())

    def relative_to(self, folder: PackPath) -> PurePosixPath:
        return PurePosixPath(self.name).relative_to(folder.name)

    def read_bytes(self) -> bytes:
        """What the entry holds; OSError where it is missing or damaged."""
        return read(self.pack, self.name)

    def _below(self) -> tuple[str, ...]:
        names = contents(self.pack).names
        start, end = (bisect.bisect_left(names, self.name + mark) for mark in ("/", "0"))  # "0" is what follows "/"
        return names[start:end]


@dataclass(frozen=True)
class Contents:
    """``names`` of the pictures, sorted; the same as a set; and the table in ``pack.json``."""

    names: tuple[str, ...]
    files: frozenset[str]
    table: dict[str, Any]


def contents(path: Path) -> Contents:
    """What is in the pack; InputError where it is none, or not whole. Remembered until the file changes."""
    return _contents(path, _state(path))


def read(path: Path, name: str) -> bytes:
    """One entry; OSError where it is missing or damaged."""
    try:
        return _opened(path, os.getpid(), _state(path)).read(name)
    except KeyError:
        raise OSError(0, "there is no such entry") from None
    except (zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise OSError(0, "is damaged; copy the pack again") from error


def has(path: Path, name: str) -> bool:
    """Is there an entry of that name."""
    return name in _opened(path, os.getpid(), _state(path)).NameToInfo


def check(path: Path) -> None:
    """Read all of it and compare the CRCs; InputError names the first entry that is damaged."""
    try:
        broken = _opened(path, os.getpid(), _state(path)).testzip()
    except (OSError, zipfile.BadZipFile, zlib.error, EOFError) as error:
        raise InputError(f"the pack {path} is damaged ({error}); copy it again") from error
    if broken:
        raise InputError(f"the pack {path} is damaged: {broken} is not what was written; copy it again")


def _state(path: Path) -> tuple[int, int]:
    try:
        state = path.stat()
    except OSError as error:
        raise InputError(f"the pack {path} cannot be read ({error.strerror})") from error
    return state.st_size, state.st_mtime_ns


@functools.lru_cache(maxsize=4)
def _contents(path: Path, state: tuple[int, int]) -> Contents:
    archive = _opened(path, os.getpid(), state)
    try:
        table = json.loads(archive.read(INDEX))
        version = table["format"]
    except (KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"{path} is not a pack of `rtskin train pack`: it has no {INDEX} that can be read") from error
    if version != FORMAT:
        raise InputError(f"the pack {path} is of format {version}, this version reads {FORMAT}; pack it again")
    names = tuple(sorted(name for name in archive.namelist() if name.startswith(f"{DATA}/")))
    return Contents(names, frozenset(names), table)


@functools.lru_cache(maxsize=4)
def _opened(path: Path, process: int, state: tuple[int, int]) -> zipfile.ZipFile:
    """An open pack for each process: two that share a file's position would read each other's entries."""
    try:
        return zipfile.ZipFile(path)
    except zipfile.BadZipFile as error:
        raise InputError(f"{path} is no pack, or it is cut off; copy it again ({error})") from error
    except OSError as error:
        raise InputError(f"the pack {path} cannot be read ({error.strerror})") from error
