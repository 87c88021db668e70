"""What is evaluated on: folders of images and masks; pictures and clips without skin."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from rtskin.errors import InputError, RtskinError
from rtskin.evaluate.clips import ClipReader
from rtskin.evaluate.enlarge import Rect, enlarged
from rtskin.frame import U8
from rtskin.train.data.imaging import BrokenImageError, find_images, read_grey

#: Says whether a picture takes part, by its path below the set's folder ("images/" left out).
Keep = Callable[[str], bool]
#: Frames taken of a clip when nothing is said.
FRAMES = 30


@dataclass(frozen=True)
class Item:
    """A picture: its path below the set's folder, its file, and the file of its mask (None: nothing in it is skin).

    frame: of a clip, counted from 0. box: only this part (x, y, width, height), enlarged: see rtskin.evaluate.faces.
    """

    key: str
    image: Path
    mask: Path | None
    frame: int | None = None
    box: Rect | None = None


@dataclass(frozen=True)
class Dataset:
    """Pictures that are reported together. clip: they are frames of one video."""

    name: str
    path: Path
    items: Sequence[Item]
    clip: bool = False


def load_pairs(folder: Path, keep: Keep | None = None, limit: int | None = None) -> Dataset:
    """``folder/images/NAME.*`` with ``folder/masks/NAME.png`` (below 128: no skin).

    keep: only these pictures. limit: at most so many of them, the same ones each time. InputError: no such folder, no
    masks, an image or a mask without the other, nothing left.
    """
    _must_be_folder(folder)
    if not (folder / "masks").is_dir() or not (folder / "images").is_dir():
        raise InputError(
            f"{folder} has no images/ and masks/; if nothing in its pictures is skin, give it with --skinless"
        )
    images, masks = _by_stem(folder / "images"), _by_stem(folder / "masks")
    _must_match(folder, images, masks)
    items = [
        Item(image.relative_to(folder / "images").as_posix(), image, masks[stem]) for stem, image in images.items()
    ]
    return _chosen(folder, items, keep, limit)


def load_skinless(folder: Path, keep: Keep | None = None, limit: int | None = None) -> Dataset:
    """Every picture below ``folder`` (below ``folder/images`` where there is one); none of them shows skin."""
    _must_be_folder(folder)
    root = folder / "images" if (folder / "images").is_dir() else folder
    items = [Item(path.relative_to(root).as_posix(), path, None) for path in find_images(root)]
    return _chosen(folder, items, keep, limit)


def load_clip(path: Path, frames: int = FRAMES) -> Dataset:
    """``frames`` of a video without skin, the middles of equal parts of it (all, where it has fewer).

    SourceError where it cannot be decoded, InputError where its container does not say how long it is.
    """
    from rtskin.capture.file import FileCapture

    with FileCapture(path) as source:
        total = source.info.frames
    if not total:
        raise InputError(f"{path} does not say how long it is; put it into another container (ffmpeg -c copy out.mkv)")
    count = min(frames, total)
    wanted = [int((part + 0.5) * total / count) for part in range(count)]
    return Dataset(path.stem, path, [Item(f"{path.name}#{index}", path, None, index) for index in wanted], clip=True)


class Reader:
    """Reads items; a clip whose frames are asked for in order is decoded once. To be closed.

    Gives image (uint8 H×W×3 BGR, as people see it) and mask (uint8 H×W), both cut out and enlarged where the item has a box.
    BrokenImageError: one of the files cannot be decoded. InputError: their sizes differ.
    """

    def __init__(self) -> None:
        self._clips = ClipReader()

    def __call__(self, item: Item) -> tuple[U8, U8]:
        if item.frame is not None:
            image = self._clips.read(item.image, item.frame)
            return image, np.zeros(image.shape[:2], np.uint8)
        image, mask = _read_pair(item)
        return (image, mask) if item.box is None else (enlarged(image, item.box), enlarged(mask, item.box))

    def close(self) -> None:
        """Close the clip that is open."""
        self._clips.close()

    def __enter__(self) -> Reader:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


def read(item: Item) -> tuple[U8, U8]:
    """One item, as a Reader gives it."""
    with Reader() as reader:
        return reader(item)


def _read_pair(item: Item) -> tuple[U8, U8]:
    from rtskin.capture.still import read_image

    try:
        image = read_image(item.image)
    except RtskinError as error:
        raise BrokenImageError(item.image, str(error).removeprefix(str(item.image)).strip(" :")) from error
    if item.mask is None:
        return image, np.zeros(image.shape[:2], np.uint8)
    mask = read_grey(item.mask)
    if mask.shape != image.shape[:2]:
        one, two = mask.shape, image.shape
        raise InputError(
            f"{item.mask} is {one[1]}×{one[0]} but its image {item.image} is {two[1]}×{two[0]} "
            "(turned as its EXIF data says); make them the same size"
        )
    return image, mask


def _chosen(folder: Path, items: list[Item], keep: Keep | None, limit: int | None) -> Dataset:
    if not items:
        raise InputError(f"{folder} is empty: there are no pictures in it")
    kept = [item for item in items if keep is None or keep(item.key)]
    if not kept:
        raise InputError(f"none of the {len(items)} pictures in {folder} is kept out of the training")
    if limit is not None and limit < len(kept):
        chosen = sorted(kept, key=lambda item: hashlib.sha256(item.key.encode()).digest())[:limit]
        kept = sorted(chosen, key=lambda item: item.key)
    return Dataset(folder.resolve().name, folder, kept)


def _by_stem(folder: Path) -> dict[str, Path]:
    found: dict[str, Path] = {}
    for path in find_images(folder):
        stem = path.relative_to(folder).with_suffix("").as_posix()
        if stem in found:
            raise InputError(f"{found[stem]} and {path} have the same name; each image needs a name of its own")
        found[stem] = path
    return found


def _must_be_folder(folder: Path) -> None:
    if not folder.is_dir():
        raise InputError(f"there is no folder {folder}" if not folder.exists() else f"{folder} is not a folder")


def _must_match(folder: Path, images: dict[str, Path], masks: dict[str, Path]) -> None:
    for what, other, lonely in (("mask", "image", masks.keys() - images), ("image", "mask", images.keys() - masks)):
        if lonely:
            first = min(lonely)
            more = f" (and {len(lonely) - 1} more)" if len(lonely) > 1 else ""
            raise InputError(f"{folder} has a {what} without its {other}: {first}{more}; add it or remove the {what}")
