"""``rtskin train preview``: a contact sheet of what the network will see, each sample with its mask and where it is from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import InputError
from rtskin.files import check_output, write_bytes
from rtskin.train.data.batches import Batches
from rtskin.train.data.classes import others
from rtskin.train.data.compose import Sample
from rtskin.train.data.crops import Shape
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import Item, Picture, Sides
from rtskin.train.recipe import Recipe

Array = np.ndarray[Any, Any]

#: BGR of skin, of pixels that do not count, and of other classes than background in their order.
_SKIN = (60, 220, 60)
_IGNORED = (255, 0, 255)
_CLASSES = ((255, 140, 0), (0, 140, 255), (0, 230, 230), (230, 60, 140), (180, 180, 255))
#: Pixels below a sample for its name, and between samples.
_CAPTION, _GAP = 18, 6
#: The sheet is about so much wider than high.
_ASPECT = 1.6


class _Told(Batches):
    """Batches that note which sets each sample was made from, the ground of a composition first."""

    def __init__(self, recipe: Recipe, sets: list[Sides]) -> None:
        super().__init__(recipe, sets)
        self.sources: list[list[str]] = []

    def _sample(self, rng: np.random.Generator, shape: Shape, broken: list[str]) -> Sample:
        self.sources.append([])
        return super()._sample(rng, shape, broken)

    def _read(self, draw: Callable[[], Item], broken: list[str]) -> Picture:
        picture = super()._read(draw, broken)
        self.sources[-1].append(picture.source)
        return picture


def write(
    recipe: Recipe, sets: list[Sides], out: Path, samples: int = 24, step: int = 0, overwrite: bool = False
) -> Counter[str]:
    """Write a sheet of the first ``samples`` of the batches from ``step`` on; how many of them are from what.

    Beside each sample is the same with skin green, its contour drawn, and pixels that do not count hatched in magenta;
    then the classes and the prior, where the recipe has them. SinkError, OutputExistsError.
    """
    if out.suffix.lower() not in (".png", ".jpg", ".jpeg", ".webp"):
        raise InputError(f"{out}: the sheet is a picture, call it .png, .jpg or .webp")
    check_output(out, overwrite)
    batches = _Told(recipe, sets)
    cells: list[Array] = []
    names: list[str] = []
    while len(cells) < samples:
        cells.extend(_cells(batches, step + len(cells) // recipe.batch, samples - len(cells)))
        names.extend(_name(sources) for sources in batches.sources)
        batches.sources.clear()
    named = [_captioned(cell, name) for cell, name in zip(cells, names, strict=False)]
    write_bytes(out, cv2.imencode(out.suffix, _sheet(named))[1].data, overwrite=overwrite)
    return Counter(names[:samples])


def _cells(batches: Batches, step: int, most: int) -> Iterator[Array]:
    """A strip of tiles for each sample of a batch."""
    batch = batches[step]
    for index in range(min(most, len(batch.images))):
        image = cv2.cvtColor(batch.images[index], cv2.COLOR_RGB2BGR)
        tiles = [image, marked(image, batch.targets[index], batch.weights[index])]
        if batch.others is not None:
            names = others(batches.recipe.classes.names)
            tiles.append(_classes(image, batch.others[index], batch.targets[index], names))
        if batch.priors is not None:
            tiles.append(cv2.cvtColor(batch.priors[index], cv2.COLOR_GRAY2BGR))
        yield np.hstack(tiles)


def marked(image: Array, mask: Array, weight: Array) -> Array:
    """A copy of uint8 H×W×3 ``image``: skin tinted by how much of it there is, its contour, and what does not count
    hatched."""
    shown = _tinted(image, mask, _SKIN)
    contours = cv2.findContours((mask > 127).astype(np.uint8), cv2.RETR_LIST, cv2.CHAIN_APPROX_NONE)[0]
    cv2.drawContours(shown, contours, -1, _SKIN, 1)
    diagonal = np.arange(mask.shape[0])[:, None] + np.arange(mask.shape[1])
    shown[(weight < 128) & (diagonal % 6 < 2)] = _IGNORED
    return shown


def _tinted(image: Array, mask: Array, colour: tuple[int, ...]) -> Array:
    part = mask[..., None].astype(np.float32) * (0.5 / 255)
    tinted: Array = np.rint(image + (np.array(colour, np.float32) - image) * part).astype(np.uint8)
    return tinted


def _classes(image: Array, planes: Array, mask: Array, names: list[str]) -> Array:
    """Each class but background in its colour; several at once, where a pixel may be any of them, are left as they are."""
    shown = _tinted(image, mask, _SKIN)
    sure = (planes > 127).sum(axis=2) == 1
    for index in range(1, len(names)):
        plane = np.where(sure, planes[..., index], 0).astype(np.uint8)
        shown = _tinted(shown, plane, _CLASSES[(index - 1) % len(_CLASSES)])
    return shown


def _name(sources: list[str]) -> str:
    """ "ccp", or "ccp ×2 on negatives"."""
    ground, *people = sources
    return (
        " + ".join(f"{name} x{count}" for name, count in Counter(people).items()) + (" on " if people else "") + ground
    )


def _captioned(cell: Array, name: str) -> Array:
    shown = cv2.copyMakeBorder(cell, 0, _CAPTION, 0, 0, cv2.BORDER_CONSTANT, value=(255, 255, 255))
    cv2.putText(shown, name, (3, len(shown) - 5), cv2.FONT_HERSHEY_SIMPLEX, 0.45, (0, 0, 0), 1, cv2.LINE_AA)
    return shown


def _sheet(cells: list[Array]) -> Array:
    """All cells in a grid, each in a place of the largest one's size."""
    height, width = (max(cell.shape[axis] for cell in cells) + _GAP for axis in (0, 1))
    columns = max(1, min(len(cells), round((len(cells) * height * _ASPECT / width) ** 0.5)))
    sheet = np.full((height * -(-len(cells) // columns), width * columns, 3), 255, np.uint8)
    for number, cell in enumerate(cells):
        top, left = number // columns * height, number % columns * width
        sheet[top : top + cell.shape[0], left : left + cell.shape[1]] = cell
    return sheet
