"""The same picture in two sets of a recipe: what one of them keeps out, a training would meet in the other.

A picture is known again by its bytes, or by its name where what is in it agrees: `rtskin train label` keeps names, and
`rtskin train augment` makes folders of them. Copies that were renamed and encoded anew are not found.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.errors import InputError
from rtskin.evaluate.datasets import Dataset
from rtskin.train.data.imaging import BrokenImageError, Source, cv2, read_grey
from rtskin.train.data.sets import Item, scan

if TYPE_CHECKING:
    from rtskin.evaluate.folds import Fold
    from rtskin.train.recipe import Recipe

#: Least correlation, as 32×32 grey ones, of two pictures that are the same. Different ones of ccp, minhas, hgr and negatives
#: had at most 0.61 (4,000 pairs, but for hgr's near-duplicates); the 26 variants of a picture have at least 0.85 with it.
ALIKE = 0.8
_SIDE = 32
#: Largest difference of the aspects of the same picture in two sizes.
_ASPECT = 0.02


def check_once(recipe: Recipe, own: str, dataset: Dataset, folds: Sequence[Fold], roots: Sequence[Path]) -> None:
    """InputError where a fold keeps out a picture of ``dataset``, the recipe's set ``own``, and trains on it in another.

    roots: what the recipe's paths are below.
    """
    others = recipe.model_copy(update={"data": [part for part in recipe.data if part.name != own]})
    if not others.data:
        return
    items = [item for side in scan(others, roots) for item in (*side.train, *side.held)]
    same = twins({item.image for item in dataset.items}, items)
    names = {item.source for found in same.values() for item in found}
    if not names:
        return
    for fold in folds:
        data = [part for part in fold.recipe.data if part.name in names]
        sides = scan(fold.recipe.model_copy(update={"data": data}), roots)
        trained = {item.image for side in sides for item in side.train}
        met = [(one, item) for one in _images(fold.dataset) for item in same.get(one, ()) if item.image in trained]
        if met:
            one, item = met[0]
            count = len({image for image, _ in met})
            more = f" (and {count - 1} more of its pictures)" if count > 1 else ""
            raise InputError(
                f"{one} is kept out of fold {fold.number}, which trains on the same picture as {item.image}, of the set "
                f"{item.source!r}{more}: the figure would prove nothing; take a recipe without that set"
            )


def twins(images: Iterable[Path], items: Sequence[Item]) -> dict[Path, list[Item]]:
    """By image, those of ``items`` that show the same picture."""
    named, sized = defaultdict(list), defaultdict(list)
    for item in items:
        for name in _names(item.image):
            named[name].append(item)
        if isinstance(item.image, Path):
            sized[item.image.stat().st_size].append(item)
    found = {image: [*_of_bytes(image, sized), *_of_name(image, named)] for image in images}
    return {image: those for image, those in found.items() if those}


def _images(dataset: Dataset) -> list[Path]:
    return list(dict.fromkeys(item.image for item in dataset.items))


def _names(image: Source) -> set[str]:
    """What a picture may be called after: its file, the folder it is in, and the one around that."""
    path = PurePath(str(image))
    return {path.stem, *path.parts[-3:-1]}


def _of_bytes(image: Path, sized: Mapping[int, Sequence[Item]]) -> list[Item]:
    candidates = sized.get(image.stat().st_size, ())
    return [item for item in candidates if item.image.read_bytes() == image.read_bytes()]


def _of_name(image: Path, named: Mapping[str, Sequence[Item]]) -> list[Item]:
    candidates = named.get(image.stem, ())
    mine = _small(image) if candidates else None
    return [] if mine is None else [item for item in candidates if _alike(mine, _small(item.image))]


def _small(image: Source) -> tuple[float, Any] | None:
    """(aspect, the picture as 32×32 numbers of mean 0 and length 1); None where it cannot be decoded."""
    try:
        grey = read_grey(image)
    except BrokenImageError:
        return None
    flat = cv2.resize(grey, (_SIDE, _SIDE), interpolation=cv2.INTER_AREA).astype(np.float32).ravel()
    flat -= flat.mean()
    return grey.shape[1] / grey.shape[0], flat / max(float(np.linalg.norm(flat)), 1e-6)


def _alike(one: tuple[float, Any], other: tuple[float, Any] | None) -> bool:
    if other is None or abs(one[0] / other[0] - 1) > _ASPECT:
        return False
    return float(one[1] @ other[1]) >= ALIKE
