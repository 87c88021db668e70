"""OpenCV for training, and reading pictures with errors that name the file.

Training also runs on machines without libav, so cv2 is taken alone where ``rtskin.media`` cannot be imported.
"""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

try:
    from rtskin.media import cv2
except ImportError:  # no av on this machine
    import cv2

from rtskin.errors import RtskinError

if TYPE_CHECKING:
    from rtskin.train.data.packfile import PackPath

__all__ = ["EXTENSIONS", "BrokenImageError", "Source", "cv2", "find_images", "named_images", "read_bgr", "read_grey"]

#: What counts as a picture, in lower case.
EXTENSIONS = frozenset({".jpg", ".jpeg", ".png", ".webp", ".bmp", ".tif", ".tiff"})

Array = np.ndarray[Any, Any]
#: A file of its own, or one in a pack.
Source: TypeAlias = "Path | PackPath"


class BrokenImageError(RtskinError, ValueError):
    """A picture that cannot be used; ``path`` says which."""

    def __init__(self, path: Source, why: str) -> None:
        self.path, self.why = path, why
        super().__init__(f"{path}: {why}")


def read_bgr(path: Source) -> Array:
    """uint8 H×W×3 BGR, EXIF orientation applied; BrokenImageError where it does not decode."""
    return _read(path, cv2.IMREAD_COLOR)


def read_grey(path: Source) -> Array:
    """uint8 H×W; BrokenImageError where it does not decode."""
    return _read(path, cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION)


def find_images(folder: Path) -> list[Path]:
    """All pictures below ``folder``, sorted by path so that indices mean the same on every machine."""
    found = (path for path in folder.rglob("*") if path.suffix.lower() in EXTENSIONS and path.is_file())
    return sorted(found, key=lambda path: path.relative_to(folder).as_posix())


def named_images(folder: Source) -> list[tuple[PurePosixPath, Source]]:
    """:func:`find_images` of a folder on the disk or in a pack, each with its path below the folder."""
    either: Any = folder
    return [(PurePosixPath(path.relative_to(either).as_posix()), path) for path in find_images(either)]


def _read(path: Source, flags: int) -> Array:
    try:
        data = np.frombuffer(path.read_bytes(), np.uint8)
    except OSError as error:
        raise BrokenImageError(path, f"cannot be read ({error.strerror})") from error
    image = cv2.imdecode(data, flags) if data.size else None
    if image is None:
        raise BrokenImageError(path, "is not a picture that OpenCV can decode")
    return image
