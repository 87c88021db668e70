"""Which input this is: known again after it was copied or mounted elsewhere, and told from one that has changed."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

from rtskin.capture.images import ImageCapture
from rtskin.capture.kinds import kind_of
from rtskin.errors import SourceError, SourceNotFoundError, reason

#: Bytes that are read at each of so many places, the beginning and the end among them. A video is known by these and its
#: size: reading all of a long one takes longer than many a segment.
_SAMPLE, _PLACES = 1 << 16, 33
#: The same for each of many images.
_SAMPLE_OF_IMAGE, _PLACES_OF_IMAGE = 1 << 12, 2


def fingerprint(uri: str) -> str:
    """sha256 (hex) over kinds, sizes and samples of the files of a source. SourceError where one cannot be read."""
    files = _files(uri)
    sample, places = (_SAMPLE, _PLACES) if len(files) == 1 else (_SAMPLE_OF_IMAGE, _PLACES_OF_IMAGE)
    digest = hashlib.sha256()
    for path in files:
        _add(digest, path, sample, places)
    return digest.hexdigest()


def locate(path: str, relative: str, folder: Path) -> str:
    """Where an input is on this machine: as it was named, else as seen from the work folder (mounted elsewhere)."""
    for place in (path, str((folder / relative).resolve())):
        if kind_of_place(place):
            return place
    raise SourceNotFoundError(f"the input of {folder} is not here: neither {path} nor {folder / relative} exists")


def kind_of_place(path: str) -> bool:
    """Whether there is anything under that name or pattern."""
    try:
        return bool(_files(path))
    except SourceError:
        return False


def _files(uri: str) -> list[Path]:
    if kind_of(uri) == "images":
        with ImageCapture(uri) as images:
            return images.paths
    return [Path(uri)]


def _add(digest: hashlib._Hash, path: Path, sample: int, places: int) -> None:
    try:
        with path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            digest.update(f"{path.suffix}:{size};".encode())
            for place in range(places):
                file.seek(max(0, size - sample) * place // (places - 1))
                digest.update(file.read(sample))
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {reason(error)}") from None
