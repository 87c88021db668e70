"""Chunked refinement with refiners that cost nothing, so that what comes out can be told beforehand."""

from __future__ import annotations

import tracemalloc
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import F32, U8, Frame, Prepared, Scores
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.cards import Card
from rtskin.infer.chunked import Chunked
from rtskin.media import cv2

TILE, OVERLAP = 64, 8


class Red(BaseSegmenter):
    """A picture of its own: skin is where it is red."""

    def __init__(self) -> None:
        self.card = Card(name="red", architecture="red")
        self.sizes: list[tuple[int, int]] = []

    def prepare(self, frame: Frame) -> Prepared:
        self.sizes.append((frame.height, frame.width))
        return Prepared(frame, self)

    def infer(self, prepared: Prepared) -> Scores:
        red = cv2.blur(prepared.frame.bgr[..., 2], (5, 5))
        return Scores(prepared.frame, red.astype(np.float32) / np.float32(255), "red")


class Sharper(Red):
    """Looks at the base mask too: the mean of both."""

    takes_prior = True

    def infer(self, prepared: Prepared, prior: F32 | None = None) -> Scores:
        assert prior is not None
        assert prior.dtype == np.float32
        scores = super().infer(prepared)
        return Scores(prepared.frame, (scores.data + prior) / 2, "sharper")  # type: ignore[arg-type]


def disc(height: int = 200, width: int = 300) -> tuple[U8, U8, U8]:
    """A red disc, its mask, and that as a network of a coarse grid would have it."""
    truth = np.zeros((height, width), np.uint8)
    cv2.circle(truth, (width // 2, height // 2), min(height, width) // 3, 255, -1)
    picture = np.zeros((height, width, 3), np.uint8)
    picture[..., 2] = truth
    small = cv2.resize(truth, (max(1, width // 12), max(1, height // 12)), interpolation=cv2.INTER_AREA)
    return picture, truth, cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def chunked(refiner: Any = None, **options: Any) -> Chunked:
    return Chunked(refiner or Red(), **{"tile": TILE, "overlap": OVERLAP, **options})


def test_edges_get_better_and_the_rest_stays() -> None:
    picture, truth, base = disc(500, 600)
    before = base.copy()
    done = chunked()(picture, base)
    assert np.array_equal(base, before)
    assert done.data.dtype == np.uint8
    assert done.tiles == done.chosen.sum() > 0
    assert not done.chosen.all()
    wrong = [np.count_nonzero((mask > 127) != (truth > 127)) for mask in (base, done.data)]
    assert wrong[1] < wrong[0] / 4


def test_where_no_tile_is_the_base_stays_bit_for_bit() -> None:
    picture, _, base = disc()
    base = np.maximum(base, np.random.default_rng(0).integers(0, 9, base.shape, dtype=np.uint8))
    done = chunked(budget=3)(picture, base)
    assert done.tiles == 3
    grid = chunked().grid(*base.shape)
    seen = np.zeros(base.shape, bool)
    for row, column in zip(*np.nonzero(done.chosen), strict=True):
        seen[grid.tops[row] : grid.tops[row] + TILE, grid.lefts[column] : grid.lefts[column] + TILE] = True
    assert np.array_equal(done.data[~seen], base[~seen])
    assert (done.data[seen] != base[seen]).any()


@pytest.mark.parametrize(
    "base", [np.zeros((90, 130), np.uint8), np.full((90, 130), 255, np.uint8)], ids=["empty", "all"]
)
def test_a_mask_without_an_edge_is_as_it_was(base: U8) -> None:
    refiner = Red()
    done = chunked(refiner)(np.full((90, 130, 3), 200, np.uint8), base)
    assert done.tiles == 0
    assert done.data is base
    assert refiner.sizes == []


def test_two_grids_agree() -> None:
    """Within 2 of 255 on 99.9 % of the pixels, for a refiner that sees 5×5 pixels."""
    picture, _, base = disc(600, 700)
    one, other = (chunked(Sharper(), tile=96, overlap=overlap)(picture, base).data for overlap in (12, 40))
    apart = np.abs(one.astype(int) - other)
    assert (apart <= 2).mean() >= 0.999
    # And there was something to agree on.
    assert np.abs(one.astype(int) - base).max() > 40


def test_no_step_where_tiles_end() -> None:
    """A refiner that says something else everywhere meets the base mask over the width of the overlap."""
    base = np.full((64, 400), 8, np.uint8)
    base[:, :10] = 255
    picture = np.zeros((64, 400, 3), np.uint8)
    picture[..., 2] = 150
    done = chunked(overlap=24)(picture, base)
    assert done.chosen.tolist() == [[True] + [False] * 9]
    row = done.data[32].astype(int)
    assert set(row[:40]) == {150}
    assert set(row[64:]) == {8}
    assert np.abs(np.diff(row)).max() <= 15  # 142 levels over 24 pixels, not in one


def test_one_with_a_prior_gets_the_base_and_others_do_not() -> None:
    picture, _, base = disc()
    alone, both = (chunked(refiner)(picture, base).data for refiner in (Red(), Sharper()))
    edge = (base > 60) & (base < 200)
    assert np.allclose(both[edge], (alone[edge].astype(int) + base[edge]) / 2, atol=1)


@pytest.mark.parametrize("size", [(1, 1), (1, 500), (33, 20), (64, 64), (65, 64)])
def test_any_size(size: tuple[int, int]) -> None:
    refiner = Red()
    base = np.full(size, 128, np.uint8)
    done = chunked(refiner)(np.full((*size, 3), 255, np.uint8), base)
    assert done.data.shape == size
    assert done.data.min() == 255
    assert set(refiner.sizes) == {(TILE, TILE)}


def test_sixteen_bits_stay() -> None:
    picture, _, base = disc()
    picture = picture // 2 + np.random.default_rng(0).integers(0, 120, picture.shape, dtype=np.uint8)
    fine = base.astype(np.uint16) * 257
    done = chunked()(picture, fine)
    assert done.data.dtype == np.uint16
    assert np.abs(done.data / 257 - chunked()(picture, base).data).max() <= 1
    assert (done.data % 257 != 0).any()


def test_what_does_not_fit_is_refused() -> None:
    picture, _, base = disc()
    with pytest.raises(InputError, match="the base mask is 200×299 and the picture uint8 200×300×3; give a mask of"):
        chunked()(picture, base[:, :-1])
    with pytest.raises(InputError, match="a base mask is uint8 or uint16 H×W, not float32 200×300"):
        chunked()(picture, base.astype(np.float32))
    with pytest.raises(InputError, match="a base mask is uint8 or uint16 H×W, not uint8 0×5"):
        chunked()(picture, base[:0, :5])
    with pytest.raises(InputError, match="a budget of 0 tiles"):
        chunked(budget=0)
    with pytest.raises(InputError, match="tiles of 64 pixels cannot overlap by 40"):
        chunked(overlap=40)


def test_memory_is_that_of_a_row_of_tiles() -> None:
    """Beyond picture and mask: one more mask, and a few rows of floats, however many rows there are."""
    height, width = 4000, 1000
    picture = np.zeros((height, width, 3), np.uint8)
    base = np.zeros((height, width), np.uint8)
    base[:, ::200] = 255
    tracemalloc.start()
    done = chunked()(picture, base)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert done.tiles > 500
    assert most < base.nbytes + 12 * TILE * width * 4
