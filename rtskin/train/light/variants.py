"""``rtskin train augment``: the 26 published variants of every picture of a data set (rtskin.train.light.colours).

``images/NAME.jpg`` becomes ``images/NAME/hue051.jpg`` and so on, masks, weights and labels with it. The name of the original
is a folder, and so the key of the split: variants are on the side that their original is on.
"""

from __future__ import annotations

import itertools
import os
import zlib
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError, SinkError
from rtskin.files import write_bytes
from rtskin.train.data.imaging import BrokenImageError, cv2, find_images, read_bgr, read_grey
from rtskin.train.light.colours import VARIANTS

Array = np.ndarray[Any, Any]

#: Of JPEG and WebP.
_QUALITY = 92
_OPTIONS = {
    ".jpg": [cv2.IMWRITE_JPEG_QUALITY, _QUALITY],
    ".jpeg": [cv2.IMWRITE_JPEG_QUALITY, _QUALITY],
    ".webp": [cv2.IMWRITE_WEBP_QUALITY, _QUALITY],
}


@dataclass
class Augmented:
    """What :func:`augment` did: variants written, variants that were there already, and originals that are broken."""

    written: int = 0
    existing: int = 0
    broken: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Original:
    """A picture, its path below images/, and the planes of the same stem by folder (masks, weights, labels)."""

    image: Path
    name: Path
    planes: dict[str, Path]


def augment(source: Path, out: Path, report: Callable[[int, int], None] = lambda done, total: None) -> Augmented:
    """Write all variants of the pictures in ``source`` (images/ with masks/, or a plain tree) to ``out``.

    What is there already is kept, so an interrupted run goes on; lattices are the same in every run. A broken picture is
    noted and left out. InputError: no pictures, or ``out`` in ``source``; SinkError.
    """
    if out.resolve() == source.resolve() or source.resolve() in out.resolve().parents:
        raise InputError(f"{out} is in {source}, whose pictures it would add to; give another folder for the variants")
    originals, done = _originals(source), Augmented()
    with ThreadPoolExecutor(min(8, os.cpu_count() or 1)) as pool:
        for number, result in enumerate(pool.map(lambda one: _write(one, out), originals), 1):
            if isinstance(result, str):
                done.broken.append(result)
            else:
                done.written, done.existing = done.written + result, done.existing + len(VARIANTS) - result
            report(number, len(originals))
    return done


def _originals(source: Path) -> list[_Original]:
    root = source / "images" if (source / "images").is_dir() else source
    planes = {kind: _by_stem(source / kind) for kind in ("weights", "labels", "masks") if root != source}
    names = [path.relative_to(root) for path in find_images(root)] if root.is_dir() else []
    if not names:
        raise InputError(f"there are no pictures in {root}")
    for name, other in itertools.pairwise(names):
        if name.with_suffix("") == other.with_suffix(""):
            raise InputError(f"{name} and {other} would have the same variants; rename one of them")
    return [
        _Original(root / name, name, {kind: found[key] for kind, found in planes.items() if key in found})
        for name, key in ((name, name.with_suffix("")) for name in names)
    ]


def _by_stem(folder: Path) -> dict[Path, Path]:
    return {path.relative_to(folder).with_suffix(""): path for path in find_images(folder)} if folder.is_dir() else {}


def _write(original: _Original, out: Path) -> int | str:
    """How many variants were written; what is wrong where the original cannot be used."""
    missing = {
        variant: paths
        for variant, paths in ((variant, dict(_paths(original, out, variant))) for variant in VARIANTS)
        if not all(path.exists() for path in paths.values())
    }
    if not missing:
        return 0
    try:
        image, planes = _read(original)
    except BrokenImageError as error:
        return str(error)
    for variant, paths in missing.items():
        rng = np.random.default_rng([zlib.crc32(original.name.as_posix().encode()), zlib.crc32(variant.encode())])
        changed, mask = VARIANTS[variant](rng, image, planes.get("masks", np.zeros(image.shape[:2], np.uint8)))
        for kind, path in paths.items():
            _save(path, {"images": changed, "masks": mask}.get(kind, planes.get(kind, mask)))
    return len(missing)


def _paths(original: _Original, out: Path, variant: str) -> Iterator[tuple[str, Path]]:
    below = original.name.with_suffix("")
    yield "images", out / "images" / below / f"{variant}{original.name.suffix.lower()}"
    for kind in original.planes:
        yield kind, out / kind / below / f"{variant}.png"


def _read(original: _Original) -> tuple[Array, dict[str, Array]]:
    image = read_bgr(original.image)
    planes = {kind: read_grey(path) for kind, path in original.planes.items()}
    for kind, plane in planes.items():
        if plane.shape != image.shape[:2]:
            raise BrokenImageError(original.planes[kind], "is not of the size of its image; make them the same size")
    return image, planes


def _save(path: Path, image: Array) -> None:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"the folder {path.parent} cannot be made ({error.strerror})") from error
    write_bytes(path, cv2.imencode(path.suffix, image, _OPTIONS.get(path.suffix, []))[1].data, overwrite=True)
