"""Chunked refinement: a mask is looked at again, tile by tile at the picture's own size, where it is not sure.

A network sees a few hundred pixels of a side, so the edges of its mask are as coarse as that grid. Here tiles of the whole
picture go through a second network, the refiner, only where the base mask has an edge or is uncertain; what it says is laid
over the base mask under a Hann window. Next to a tile that was left out the base mask takes over as softly, and where there
is no tile it stays bit for bit. Apart from picture and mask only one row of tiles is in memory.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin import paths
from rtskin.errors import InputError, ModelError
from rtskin.frame import F32, U8, BgrPicture, Frame, SourceInfo
from rtskin.infer import tiles
from rtskin.infer.base import BaseSegmenter, load_segmenter
from rtskin.infer.cards import Card
from rtskin.infer.tiles import Bool, Grid
from rtskin.media import cv2
from rtskin.preprocess.fit import choose

#: The refiner that nobody had to name, where it is installed.
DEFAULT_REFINER = "mobile-unet-refiner"
#: Of a tile's side.
OVERLAP = 1 / 8
#: The side of tiles for a refiner that is no network and has no input size of its own.
TILE = 512

Mask = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Refined:
    """data: the mask, of the base's dtype. tiles: how many were looked at. chosen: which, bool tops × lefts of the grid."""

    data: Mask
    tiles: int
    chosen: Bool


class Chunked:
    """Callable: (picture, base mask) → Refined. Safe from several threads, as the refiner is.

    refiner: a network that takes a prior (``input.prior = true``) is given the base mask for it; any other sees each tile
    as a picture of its own. tile: side in pixels; None: of the refiner's input, so that nothing is scaled. overlap: pixels;
    None: an eighth of the tile. budget: most tiles of a picture; None: as many as it takes.
    """

    def __init__(
        self, refiner: BaseSegmenter, *, tile: int | None = None, overlap: int | None = None, budget: int | None = None
    ) -> None:
        self.refiner = refiner
        self.tile = tile_of(refiner) if tile is None else tile
        self.overlap = round(self.tile * OVERLAP) if overlap is None else overlap
        self.budget = budget
        Grid.over(1, 1, self.tile, self.overlap)
        tiles.choose(np.zeros((1, 1), np.int64), budget)

    def grid(self, height: int, width: int) -> Grid:
        """The tiles over a picture of that size."""
        return Grid.over(height, width, self.tile, self.overlap)

    def counts(self, base: Mask) -> npt.NDArray[np.int64]:
        """How many blocks of each tile of the grid are open, or near to such: tops × lefts."""
        return tiles.counted(tiles.widened(tiles.open_blocks(base)), self.grid(*base.shape))

    def chosen(self, base: Mask) -> Bool:
        """Which tiles of the grid are worth a look."""
        return tiles.choose(self.counts(base), self.budget)

    def __call__(self, picture: U8, base: Mask, chosen: Bool | None = None) -> Refined:
        """picture: uint8 H×W×3 BGR. base: uint8 or uint16 H×W, 0 … full scale; it is not written to. chosen: other tiles
        than :meth:`chosen`. InputError: a base of another size or kind."""
        _check(picture, base)
        chosen = self.chosen(base) if chosen is None else chosen
        if not chosen.any():
            return Refined(base, 0, chosen)
        return Refined(self._blended(picture, base, chosen), int(chosen.sum()), chosen)

    def _blended(self, picture: U8, base: Mask, chosen: Bool) -> Mask:
        """The base mask with, at each pixel, the weighted sum of what tiles say more or less than it."""
        height, width = base.shape
        grid, full = self.grid(height, width), np.float32(np.iinfo(base.dtype).max)
        down = tiles.weights(grid.tops, grid.tile, height)
        across = tiles.weights(grid.lefts, grid.tile, width)
        out = base.copy()
        # Of one row of tiles: what follows is added to what reaches down to it.
        change = np.zeros((grid.tile, max(width, grid.tile)), np.float32)
        for row, top in enumerate(grid.tops):
            for column in np.flatnonzero(chosen[row]):
                left = grid.lefts[column]
                part = change[:, left : left + grid.tile]
                part += self._said(picture, base, top, left) * (down[row][:, None] * across[column])
            after = grid.tops[row + 1] if row + 1 < len(grid.tops) else height
            rows = min(after, height) - top
            _add(out[top : top + rows], change[:rows, :width], full)
            change[: grid.tile - rows] = change[rows:]
            change[grid.tile - rows :] = 0
        return out

    def _said(self, picture: U8, base: Mask, top: int, left: int) -> F32:
        """What the refiner says more or less than the base mask of one tile: float32 tile×tile, −1 … 1."""
        window = np.s_[top : top + self.tile, left : left + self.tile]
        before = self._whole(base[window]).astype(np.float32) * np.float32(1 / np.iinfo(base.dtype).max)
        frame = Frame(0, BgrPicture(self._whole(picture[window])), SourceInfo("tile", self.tile, self.tile))
        return refined(self.refiner, frame, before) - before

    def _whole(self, part: Mask) -> Mask:
        """A tile at the side of a picture that is smaller than it is mirrored on; contiguous."""
        below, right = self.tile - part.shape[0], self.tile - part.shape[1]
        if below or right:
            return cv2.copyMakeBorder(part, 0, below, 0, right, cv2.BORDER_REFLECT_101)
        return np.ascontiguousarray(part)


def refined(refiner: BaseSegmenter, tile: Frame, base: F32) -> F32:
    """What the refiner says of a tile whose base mask (float32 H×W, 0 … 1) is known: float32 H×W, 0 … 1."""
    prepared = refiner.prepare(tile)
    takes_base = getattr(refiner, "takes_prior", False)
    scores = refiner.infer(prepared, base) if takes_base else refiner.infer(prepared)  # type: ignore[call-arg]
    data = np.asarray(scores.data)
    said: F32 = np.asarray(data, np.float32)
    if data.dtype == np.uint8:
        said = said * np.float32(1 / 255)
    return said if said.shape == base.shape else cv2.resize(said, base.shape[::-1], interpolation=cv2.INTER_LINEAR)


def load_refiner(name: str | os.PathLike[str] | Card | None = None, **options: Any) -> BaseSegmenter:
    """The model ``name`` (None: the usual refiner), ready to refine tiles. options, errors: of
    :func:`~rtskin.infer.base.load_segmenter`; where the usual one is not installed, the error says how one is had."""
    if name is None and not has_refiner():
        raise ModelError(
            f"there is no model {DEFAULT_REFINER} here to refine masks; name another (--refiner), import one (rtskin models "
            f"import u2netp-refiner CHECKPOINT), or train it (models/{DEFAULT_REFINER}/recipe.toml)"
        )
    return load_segmenter(DEFAULT_REFINER if name is None else name, **{"size": "still", **options})


def has_refiner() -> bool:
    """Is the usual one installed."""
    return DEFAULT_REFINER in paths.names("models")


def tile_of(refiner: BaseSegmenter) -> int:
    """The side of a tile that a model sees as it is, or nearly: of the squarest of its inputs for single images."""
    if refiner.card.weights is None:
        return TILE
    return max(choose(refiner.card.tensor.stills, (1, 1)))


def _add(out: Mask, change: F32, full: np.float32) -> None:
    """Onto a mask, in its place; where nothing changes it stays as it is."""
    rows = np.flatnonzero(change.any(axis=1))
    if len(rows):
        part = np.s_[rows[0] : rows[-1] + 1]
        np.copyto(out[part], np.clip(np.rint(out[part] + change[part] * full), 0, full), casting="unsafe")


def _check(picture: U8, base: Mask) -> None:
    if base.ndim != 2 or base.dtype not in (np.uint8, np.uint16) or 0 in base.shape:
        raise InputError(f"a base mask is uint8 or uint16 H×W, not {base.dtype} {'×'.join(map(str, base.shape))}")
    if picture.shape != (*base.shape, 3) or picture.dtype != np.uint8:
        shapes = ["×".join(map(str, one.shape)) for one in (base, picture)]
        raise InputError(
            f"the base mask is {shapes[0]} and the picture {picture.dtype} {shapes[1]}; give a mask of the picture's size "
            "and the picture as uint8 H×W×3"
        )
