"""Where a mask is worth a closer look: a grid of tiles over a picture, and which of them a base mask leaves open."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.errors import InputError
from rtskin.kernels.jit import njit

F32 = npt.NDArray[np.float32]
Bool = npt.NDArray[np.bool_]

#: Sides of the blocks, in pixels, by which it is told where something is open.
BLOCK = 8
#: Blocks around an open one that are open too: a refiner moves an edge, and what it moves must not end at a tile's side.
MARGIN = 2
#: Parts of a full mask: what lies between is uncertain.
SURE = (0.06, 0.94)
#: Least weight of a tile's pixel along either axis.
FLOOR = 1e-3


@dataclass(frozen=True, slots=True)
class Grid:
    """Square tiles over a picture: their tops and lefts, ascending; the last ones flush with its sides.

    A picture that is narrower or lower than a tile has one tile there, which reaches beyond it.
    """

    tops: tuple[int, ...]
    lefts: tuple[int, ...]
    tile: int

    @classmethod
    def over(cls, height: int, width: int, tile: int, overlap: int) -> Grid:
        """InputError: an overlap that is not below half a tile."""
        if tile < 2 * BLOCK or not 0 <= overlap <= tile // 2:
            raise InputError(f"tiles of {tile} pixels cannot overlap by {overlap}; give 0 to {tile // 2}")
        return cls(_starts(height, tile, tile - overlap), _starts(width, tile, tile - overlap), tile)

    def __len__(self) -> int:
        return len(self.tops) * len(self.lefts)


def _starts(length: int, tile: int, step: int) -> tuple[int, ...]:
    return (*range(0, max(0, length - tile), step), max(0, length - tile))


def weights(starts: tuple[int, ...], tile: int, length: int) -> F32:
    """How much each tile counts at its pixels along one axis: float32 len(starts)×tile, a Hann window (at least FLOOR) by
    the sum of those of all tiles there, so that they sum to 1 at every pixel."""
    window = np.maximum(np.hanning(tile + 2)[1:-1], FLOOR)
    total = np.zeros(max(length, tile))
    for start in starts:
        total[start : start + tile] += window
    return np.stack([window / total[start : start + tile] for start in starts]).astype(np.float32)


def open_blocks(base: npt.NDArray[Any]) -> Bool:
    """Where a mask (uint8 or uint16 H×W, full scale) has an edge or is uncertain: bool, one a block of BLOCK×BLOCK."""
    rows, columns = (-(-side // BLOCK) for side in base.shape)
    full = np.iinfo(base.dtype).max
    out = np.zeros((rows, columns), np.bool_)
    _open_blocks(np.ascontiguousarray(base), int(SURE[0] * full), int(SURE[1] * full), out)
    return out


def widened(blocks: Bool) -> Bool:
    """With MARGIN blocks around each."""
    out = blocks.copy()
    for axis in (0, 1):
        source = out.copy()
        for by in range(1, MARGIN + 1):
            ahead = [slice(None), slice(None)]
            behind = [slice(None), slice(None)]
            ahead[axis], behind[axis] = slice(by, None), slice(None, -by)
            out[tuple(ahead)] |= source[tuple(behind)]
            out[tuple(behind)] |= source[tuple(ahead)]
    return out


def counted(blocks: Bool, grid: Grid) -> npt.NDArray[np.int64]:
    """How many open blocks each tile shows: int64, tops × lefts."""
    sums = np.zeros((blocks.shape[0] + 1, blocks.shape[1] + 1), np.int64)
    sums[1:, 1:] = blocks.cumsum(0).cumsum(1)
    top, left = (np.array(starts) // BLOCK for starts in (grid.tops, grid.lefts))
    ends = (
        np.minimum(-(-(np.array(starts) + grid.tile) // BLOCK), limit)
        for starts, limit in zip((grid.tops, grid.lefts), blocks.shape, strict=True)
    )
    bottom, right = ends
    return sums[np.ix_(bottom, right)] - sums[np.ix_(top, right)] - sums[np.ix_(bottom, left)] + sums[np.ix_(top, left)]


def choose(counts: npt.NDArray[Any], budget: int | None) -> Bool:
    """The tiles with something open in them, at most ``budget`` (None: all), those with most of it first.

    InputError: a budget below 1.
    """
    if budget is not None and budget < 1:
        raise InputError(f"a budget of {budget} tiles refines nothing; give at least 1, or do without refinement")
    wanted: Bool = counts > 0
    if budget is None or wanted.sum() <= budget:
        return wanted
    best = np.argsort(-counts, axis=None, kind="stable")[:budget]
    chosen = np.zeros(counts.size, np.bool_)
    chosen[best] = True
    return chosen.reshape(counts.shape)


@njit(nogil=True, cache=True)
def _open_blocks(base: npt.NDArray[Any], low: int, high: int, out: Bool) -> None:
    height, width = base.shape
    for row in range(out.shape[0]):
        for column in range(out.shape[1]):
            least = most = np.int64(base[row * BLOCK, column * BLOCK])
            # One pixel of the neighbours, so that an edge between two blocks is seen.
            for y in range(max(0, row * BLOCK - 1), min(height, row * BLOCK + BLOCK + 1)):
                for x in range(max(0, column * BLOCK - 1), min(width, column * BLOCK + BLOCK + 1)):
                    value = np.int64(base[y, x])
                    if value < least:
                        least = value
                    elif value > most:
                        most = value
            out[row, column] = most > low and least < high
