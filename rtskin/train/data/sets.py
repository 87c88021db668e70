"""The pictures of a recipe: what there is, on which side of the split, and reading it.

A set is scanned once, with clear errors (a mask without its image, an image without its mask, an empty set). Pictures
are read when they are drawn, and kept decoded while the memory that the recipe allows lasts: decoding WebP again and
again would cost more than the network on a small machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import InputError
from rtskin.preprocess.fit import choose
from rtskin.train.data.imaging import BrokenImageError, Source, cv2, named_images, read_bgr, read_grey
from rtskin.train.data.packfile import PackPath, check
from rtskin.train.data.split import fold_of, split_key
from rtskin.train.terms import files as terms

if TYPE_CHECKING:
    from rtskin.train.data.bases import Bases
    from rtskin.train.recipe import DataSet, Recipe

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Item:
    """One picture: files (no mask: nothing in it is skin; no weights: every pixel counts; labels: the class of each
    pixel, 0 = background), its key in the split, and the name of its set."""

    image: Source
    mask: Source | None
    weights: Source | None
    group: str
    labels: Source | None = None
    source: str = ""


@dataclass(frozen=True)
class Picture:
    """uint8: ``image`` H×W×3 BGR, ``mask`` H×W (255 = skin), ``weight`` H×W (255 = counts); ``skin`` N×2 int32 (x, y),
    pixels of skin to centre crops on (a sample of them; empty where there is none); ``labels`` H×W uint8, the class of
    each pixel (0×0 where nobody said); ``source``, the name of its set; ``bases``, uint8 H×W each, masks that networks made
    of it, where the recipe asks for such (rtskin.train.data.bases)."""

    image: Array
    mask: Array
    weight: Array
    skin: Array
    labels: Array
    source: str = ""
    bases: tuple[Array, ...] = ()

    @property
    def bytes(self) -> int:
        planes = (self.image, self.mask, self.weight, self.skin, self.labels, *self.bases)
        return int(sum(plane.nbytes for plane in planes))


@dataclass(frozen=True)
class Sides:
    """A set, split: what is trained on and what is kept out."""

    spec: DataSet
    train: list[Item]
    held: list[Item]


def scan(recipe: Recipe, roots: Sequence[Path]) -> list[Sides]:
    """All sets of a recipe, found below the first of ``roots`` that has them; InputError where one cannot be used.

    A root is a folder, or a pack (``rtskin train pack``), which is checked whole.
    """
    places = [root_of(root) for root in roots]
    return [_split(spec, _found(spec, places), recipe) for spec in recipe.data]


def probabilities(sides: Sides) -> Array:
    """How likely each picture of the training side is drawn from its set: float64, sums to 1.

    Uniform, except that a group in ``caps`` gets no more than its share; what is cut off goes to the others.
    """
    groups = [item.group for item in sides.train]
    chance = np.full(len(groups), 1 / max(1, len(groups)))
    capped = np.zeros(len(groups), bool)
    for group, cap in sides.spec.caps.items():
        member = np.array([name == group for name in groups])
        if member.any() and chance[member].sum() > cap:
            chance[member] = cap / member.sum()
            capped |= member
    if capped.all():
        return np.full(len(groups), 1 / max(1, len(groups)))
    if capped.any():
        chance[~capped] *= (1 - chance[capped].sum()) / chance[~capped].sum()
    return chance


class Reader:
    """Reads items and keeps them decoded, up to ``cache_mb``. BrokenImageError names a picture that cannot be used.

    bases: gives each picture its base masks.
    """

    def __init__(self, cache_mb: int = 0, bases: Bases | None = None) -> None:
        self._room, self._bases = cache_mb * 2**20, bases
        self._kept: dict[Source, Picture] = {}

    def read(self, item: Item) -> Picture:
        kept = self._kept.get(item.image)
        if kept is None:
            kept = _read(item)
            if self._bases is not None:
                kept = self._bases(item, kept)
            if kept.bytes <= self._room:
                self._room -= kept.bytes
                self._kept[item.image] = kept
        return kept


def root_of(path: Path) -> Source:
    """A root of data sets: a folder, or the inside of a pack, which is checked whole."""
    if not path.is_file():
        return path
    check(path)
    return PackPath(path)


def locate(spec: DataSet, roots: Sequence[Source]) -> Source:
    """The folder of a set; InputError where no root has it."""
    for root in roots:
        if (root / spec.path).is_dir():
            return root / spec.path
    places = ", ".join(str(root) for root in roots)
    raise InputError(
        f"the data set {spec.name!r} is not there: no folder {spec.path!r} in {places}; name another folder with "
        f"--data, or go without it: leave_out = [{spec.name!r}] in a recipe that extends this, --set data.{spec.name}=false"
    )


def _found(spec: DataSet, places: Sequence[Source]) -> list[Item]:
    """The items of a set, with terms for each where it has a terms_file. What is in a pack was checked when it was made."""
    folder = locate(spec, places)
    items = _items(spec, folder)
    if spec.terms_file and isinstance(folder, Path):
        names = [item.image.relative_to(folder).as_posix() for item in items if isinstance(item.image, Path)]
        terms.check(spec, terms.find(spec, places), names)
    return items


def _items(spec: DataSet, folder: Source) -> list[Item]:
    if spec.kind == "unlabelled":
        raise InputError(
            f"the data set {spec.name!r} has no labels; make some with: rtskin train label {folder} --out LABELS"
        )
    if spec.kind == "pairs":
        items = _pairs(spec, folder)
    else:
        root = folder / "images" if (folder / "images").is_dir() else folder
        items = [
            Item(path, None, None, split_key(name.as_posix(), spec.group), source=spec.name)
            for name, path in named_images(root)
        ]
    if not items:
        raise InputError(f"the data set {spec.name!r} is empty: no pictures in {folder}")
    return items


def _pairs(spec: DataSet, folder: Source) -> list[Item]:
    images, masks = _by_stem(folder / "images"), _by_stem(folder / "masks")
    weights, labels = _by_stem(folder / "weights"), _by_stem(folder / "labels")
    lonely = sorted(set(masks) - set(images)) or sorted(set(images) - set(masks))
    if lonely:
        have, lack = ("a mask", "image") if lonely[0] in masks else ("an image", "mask")
        more = f" (and {len(lonely) - 1} more)" if len(lonely) > 1 else ""
        raise InputError(f"the data set {spec.name!r} has {have} without its {lack}: {lonely[0]}{more} in {folder}")
    return [
        Item(images[key], masks[key], weights.get(key), split_key(key, spec.group), labels.get(key), spec.name)
        for key in sorted(images)
    ]


def _by_stem(folder: Source) -> dict[str, Source]:
    if not folder.is_dir():
        return {}
    return {name.with_suffix("").as_posix(): path for name, path in named_images(folder)}


def _split(spec: DataSet, items: list[Item], recipe: Recipe) -> Sides:
    out = spec.held_out if spec.held_out is not None else recipe.split.held_out
    folds = recipe.split.folds
    if out >= folds:
        raise InputError(f"the data set {spec.name!r} keeps out fold {out}, but there are {folds}: 0 to {folds - 1}")
    side = [fold_of(item.group, folds) == out for item in items]
    train = [item for item, held in zip(items, side, strict=True) if not held]
    return Sides(spec, train, [item for item, held in zip(items, side, strict=True) if held])


def _read(item: Item) -> Picture:
    image = read_bgr(item.image)
    height, width = image.shape[:2]
    mask = _plane(item.mask, image) if item.mask else np.zeros((height, width), np.uint8)
    weight = _plane(item.weights, image) if item.weights else np.full((height, width), 255, np.uint8)
    rows, columns = np.nonzero(mask[::2, ::2] > 127)
    # A few hundred places to centre on are as good as all of them.
    some = slice(None, None, max(1, len(rows) // 512))
    skin = np.stack([columns[some] * 2, rows[some] * 2], 1).astype(np.int32)
    labels = _plane(item.labels, image) if item.labels else np.empty((0, 0), np.uint8)
    return Picture(image, mask, weight, skin, labels, item.source)


def _plane(path: Source, image: Array) -> Array:
    plane = read_grey(path)
    if plane.shape != image.shape[:2]:
        one, two = plane.shape, image.shape
        raise BrokenImageError(
            path, f"is {one[1]}×{one[0]} but its image is {two[1]}×{two[0]}; make them the same size"
        )
    return plane


def stretched(picture: Picture, shapes: Sequence[tuple[int, int]]) -> Picture:
    """A whole picture at the one of the network's input shapes (width, height) that it takes, as it is judged."""
    height, width = picture.mask.shape
    shape = choose(shapes, (width, height))
    image, mask, weight = (
        cv2.resize(plane, shape, interpolation=cv2.INTER_AREA)
        for plane in (picture.image, picture.mask, picture.weight)
    )
    return Picture(image, mask, weight, picture.skin, np.empty((0, 0), np.uint8), picture.source)


def padded(picture: Picture, multiple: int = 32) -> Picture:
    """A whole picture as it is, mirrored on to sides that a network can take; what was added counts nothing."""
    height, width = picture.mask.shape
    below, right = -height % multiple, -width % multiple

    def grown(plane: Array) -> Array:
        more: Array = cv2.copyMakeBorder(plane, 0, below, 0, right, cv2.BORDER_REFLECT_101)
        return more

    weight = cv2.copyMakeBorder(picture.weight, 0, below, 0, right, cv2.BORDER_CONSTANT, value=0)
    return replace(
        picture,
        image=grown(picture.image),
        mask=grown(picture.mask),
        weight=weight,
        bases=tuple(map(grown, picture.bases)),
    )
