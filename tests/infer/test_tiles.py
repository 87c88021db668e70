"""The grid of tiles, and which of them are chosen: geometry and counting."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.infer.tiles import BLOCK, FLOOR, MARGIN, Grid, choose, counted, open_blocks, weights, widened


@pytest.mark.parametrize(
    ("length", "starts"),
    [
        (1, (0,)),
        (64, (0,)),
        (65, (0, 1)),
        (120, (0, 56)),
        (121, (0, 56, 57)),
        (176, (0, 56, 112)),
        (177, (0, 56, 112, 113)),
    ],
)
def test_tiles_cover_all_and_the_last_is_flush(length: int, starts: tuple[int, ...]) -> None:
    grid = Grid.over(length, 200, 64, 8)
    assert grid.tops == starts
    assert len(grid) == len(starts) * len(grid.lefts)
    covered = np.zeros(max(length, 64), int)
    for start in grid.tops:
        covered[start : start + 64] += 1
    assert covered.min() >= 1
    assert grid.tops[-1] + 64 == max(length, 64)


@pytest.mark.parametrize("overlap", [-1, 33, 64])
def test_tiles_that_overlap_too_much_are_refused(overlap: int) -> None:
    with pytest.raises(InputError, match=f"tiles of 64 pixels cannot overlap by {overlap}; give 0 to 32"):
        Grid.over(100, 100, 64, overlap)


@pytest.mark.parametrize("length", [10, 64, 65, 120, 300])
def test_weights_sum_to_one_and_are_a_window(length: int) -> None:
    grid = Grid.over(length, length, 64, 16)
    found = weights(grid.tops, 64, length)
    total = np.zeros(max(64, length))
    for start, one in zip(grid.tops, found, strict=True):
        total[start : start + 64] += one
    assert np.allclose(total, 1, atol=1e-6)
    assert found.min() >= FLOOR / (len(grid.tops) + 1)


def test_from_nothing_to_all_over_the_overlap() -> None:
    second = weights((0, 48), 64, 112)[1]
    assert second[0] < 0.05
    assert (np.diff(second[:16]) > 0).all()
    assert np.allclose(second[16:], 1)


def test_open_is_where_there_is_an_edge_or_doubt() -> None:
    base = np.zeros((64, 80), np.uint8)
    assert not open_blocks(base).any()
    base[:, 40:] = 255  # an edge just between two blocks
    found = open_blocks(base)
    assert found.shape == (8, 10)
    assert found[:, 4:6].all()
    assert not np.delete(found, (4, 5), axis=1).any()
    doubt = np.full((64, 80), 128, np.uint8)
    assert open_blocks(doubt).all()
    assert open_blocks(np.full((9, 9), 20 * 257, np.uint16)).all()
    assert not open_blocks(np.full((9, 9), 10 * 257, np.uint16)).any()


def test_widened_by_the_margin_on_all_sides() -> None:
    blocks = np.zeros((9, 12), np.bool_)
    blocks[4, 6] = True
    found = widened(blocks)
    assert found.sum() == (2 * MARGIN + 1) ** 2
    assert found[4 - MARGIN : 5 + MARGIN, 6 - MARGIN : 7 + MARGIN].all()
    assert widened(np.ones((1, 1), np.bool_)).all()


def test_each_tile_counts_its_own_blocks() -> None:
    rng = np.random.default_rng(1)
    blocks = rng.random((25, 38)) < 0.05
    grid = Grid.over(25 * BLOCK - 3, 38 * BLOCK - 5, 64, 8)
    found = counted(blocks, grid)
    for row, top in enumerate(grid.tops):
        for column, left in enumerate(grid.lefts):
            rows = slice(top // BLOCK, -(-(top + 64) // BLOCK))
            assert found[row, column] == blocks[rows, left // BLOCK : -(-(left + 64) // BLOCK)].sum()


def test_the_budget_goes_to_those_with_most() -> None:
    counts = np.array([[3, 0, 5], [1, 9, 0]])
    assert (choose(counts, None) == (counts > 0)).all()
    assert (choose(counts, 4) == (counts > 0)).all()
    assert (choose(counts, 2) == np.array([[0, 0, 1], [0, 1, 0]], bool)).all()
    with pytest.raises(InputError, match="a budget of 0 tiles refines nothing; give at least 1"):
        choose(counts, 0)
