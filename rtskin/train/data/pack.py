"""Packs, written: see :mod:`rtskin.train.data.packfile` for what one is.

What it costs: pictures are shrunk to ``long_side`` and are WebP of ``quality``. Soft masks have 16 levels, 0, 17 … 255, so
that a value moves by 8 at most and never across one half; what is stored of eight bits is mostly noise. Weights and
labels keep their values.
"""

from __future__ import annotations

import json
import os
import zipfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError
from rtskin.files import OutputFile
from rtskin.train.data.imaging import BrokenImageError, Source, cv2, read_bgr, read_grey
from rtskin.train.data.packfile import DATA, FORMAT, INDEX

Array = np.ndarray[Any, Any]

#: Chosen so that some 3,300 photographs with their masks and labels stay below 36 MB.
LONG_SIDE = 448
QUALITY = 60
#: Of soft masks.
LEVELS = 16
#: What a plane of a picture is called, by its folder.
PLANES = ("images", "masks", "weights", "labels")
#: Pictures in work at a time: what a pool has ready lies in memory.
_AHEAD = 64
#: Everything has this date, so that the same pictures make the same file.
_DATE = (1980, 1, 1, 0, 0, 0)

Report = Callable[[int, int], None]


@dataclass(frozen=True)
class File:
    """One file to be packed: its path in the pack (below data/), where it is, and which plane it holds."""

    name: str
    source: Source
    plane: str


@dataclass(frozen=True)
class Content:
    """What is to be packed. ``texts``: by name below terms/; ``states``: checkpoints by name."""

    files: list[File]
    recipe: dict[str, Any] | None = None
    texts: Mapping[str, bytes] = field(default_factory=dict)
    states: Mapping[str, bytes] = field(default_factory=dict)


@dataclass
class Written:
    """What :func:`write` did: bytes in all and by (set, plane), pictures by set, and what could not be read."""

    size: int = 0
    bytes: Counter[tuple[str, str]] = field(default_factory=Counter)
    pictures: Counter[str] = field(default_factory=Counter)
    broken: list[str] = field(default_factory=list)


def write(
    content: Content,
    out: Path,
    long_side: int = LONG_SIDE,
    quality: int = QUALITY,
    overwrite: bool = False,
    report: Report = lambda done, total: None,
) -> Written:
    """Write a pack; the file has its name only when it is complete. OutputExistsError, SinkError.

    ``long_side``: of the pictures, in pixels; smaller ones stay, 0 keeps all as they are. ``quality``: of WebP, 1 … 100.
    A picture that cannot be read is an empty entry, which a training skips as it would have skipped the picture.
    """
    done = Written()
    table = {"format": FORMAT, "long_side": long_side, "quality": quality, "recipe": content.recipe}
    with OutputFile(out, overwrite) as file:
        try:
            with zipfile.ZipFile(file.temporary, "w") as archive:
                _add(archive, INDEX, json.dumps(table).encode(), deflate=True)
                for name, text in content.texts.items():
                    _add(archive, f"terms/{name}", text, deflate=True)
                for name, state in content.states.items():
                    _add(archive, name, state, deflate=True)
                for number, (one, data) in enumerate(_coded(content.files, long_side, quality, done.broken), 1):
                    _add(archive, f"{DATA}/{one.name}", data)
                    _count(done, one, len(data))
                    report(number, len(content.files))
        except OSError as error:
            raise file.failed(error) from error
        file.commit()
    done.size = out.stat().st_size
    return done


def _add(archive: zipfile.ZipFile, name: str, data: bytes, deflate: bool = False) -> None:
    entry = zipfile.ZipInfo(name, _DATE)
    entry.external_attr = 0o644 << 16
    entry.compress_type = zipfile.ZIP_DEFLATED if deflate else zipfile.ZIP_STORED
    archive.writestr(entry, data)


def _count(done: Written, file: File, size: int) -> None:
    name = file.name.split("/", 1)[0]
    done.bytes[name, file.plane] += size
    done.pictures[name] += file.plane == "images"


def _coded(files: Sequence[File], long_side: int, quality: int, broken: list[str]) -> Iterator[tuple[File, bytes]]:
    """The files in order, each with what the pack holds of it."""

    def code(file: File) -> bytes | str:
        try:
            return coded(file, long_side, quality)
        except BrokenImageError as error:
            return str(error)

    waiting = iter(files)
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        while some := list(islice(waiting, _AHEAD)):
            for file, data in zip(some, pool.map(code, some), strict=True):
                if isinstance(data, str):
                    broken.append(data)
                yield file, b"" if isinstance(data, str) else data


def coded(file: File, long_side: int, quality: int) -> bytes:
    """One file as WebP; BrokenImageError."""
    image = read_bgr(file.source) if file.plane == "images" else read_grey(file.source)
    soft = file.plane in ("images", "masks")
    image = _shrunk(image, long_side, cv2.INTER_AREA if soft else cv2.INTER_NEAREST_EXACT)
    if file.plane == "masks":
        step = 255 // (LEVELS - 1)
        image = (np.rint(image / step) * step).astype(np.uint8)
    # OpenCV: above 100 is lossless.
    worked, data = cv2.imencode(".webp", image, [cv2.IMWRITE_WEBP_QUALITY, quality if file.plane == "images" else 101])
    if not worked:
        raise InputError(f"{file.source} cannot be packed: WebP takes no {image.shape[1]}×{image.shape[0]} pixels")
    return data.tobytes()


def _shrunk(image: Array, long_side: int, interpolation: int) -> Array:
    height, width = image.shape[:2]
    if not 0 < long_side < max(height, width):
        return image
    part = long_side / max(height, width)
    size = (max(1, round(width * part)), max(1, round(height * part)))
    return cv2.resize(image, size, interpolation=interpolation)
