"""The part of a picture that changed, and masks moved in it alone."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.smooth.motion import STAYED, Motion, Mover, settle
from rtskin.smooth.region import MARGIN, Region, changed_region

SHAPE = (144, 256)


def changed_at(rows: slice, columns: slice) -> np.ndarray:
    changed = np.zeros(SHAPE, np.uint8)
    changed[rows, columns] = 255
    return changed


def test_where_nothing_changed_there_is_none() -> None:
    assert changed_region(np.zeros(SHAPE, np.uint8)) is None


def test_scattered_noise_is_no_region() -> None:
    noise = (np.random.default_rng(0).random(SHAPE) < 0.02).astype(np.uint8) * 255
    assert changed_region(noise) is None


def test_it_holds_all_that_changed_with_a_margin() -> None:
    region = changed_region(changed_at(slice(60, 80), slice(100, 140)))
    assert region is not None
    assert region.top <= 60 - MARGIN + 8
    assert region.bottom >= 80 + MARGIN - 8
    assert region.of(changed_at(slice(60, 80), slice(100, 140))).sum() == 255 * 20 * 40
    assert (region.bottom - region.top) * (region.right - region.left) < 0.25 * SHAPE[0] * SHAPE[1]


def test_it_ends_at_the_edge_of_the_picture() -> None:
    assert changed_region(np.full(SHAPE, 255, np.uint8)) == Region(0, SHAPE[0], 0, SHAPE[1])


@pytest.mark.parametrize("size", [(3, 5), (1, 1), (9, 200)])
def test_any_size(size: tuple[int, int]) -> None:
    assert changed_region(np.full(size, 255, np.uint8)) == Region(0, size[0], 0, size[1])


@pytest.mark.parametrize("factor", [0.5, 1, 1.625])
def test_only_the_region_is_moved_at_any_size_of_the_mask(factor: float) -> None:
    """Three pixels to the right of the small luma, in it; nothing beside it."""
    region = Region(40, 100, 60, 160)
    flow = np.zeros((60, 100, 2), np.float32)
    flow[..., 0] = -3
    motion = Motion(flow, np.zeros((60, 100), np.uint8), False)
    height, width = int(SHAPE[0] * factor), int(SHAPE[1] * factor)
    ramp = np.tile(np.arange(width, dtype=np.float32), (height, 1))
    moved = ramp.copy()
    Mover().within(moved, motion, region, SHAPE)
    here = region.scaled(width / SHAPE[1], height / SHAPE[0])
    inner = Region(here.top + 3, here.bottom - 3, here.left + 5, here.right - 3)
    assert np.abs(inner.of(moved) - (inner.of(ramp) - 3 * width / SHAPE[1])).max() < 0.05
    outside = np.ones((height, width), bool)
    here.of(outside)[...] = False
    assert np.array_equal(moved[outside], ramp[outside])


def test_what_looks_the_same_stays_and_is_not_lost() -> None:
    flow, lost = np.full((1, 3, 2), 4, np.float32), np.full((1, 3), 255, np.uint8)
    settle(Motion(flow, lost, False), np.array([[0, STAYED // 2, 255]], np.uint8))
    assert flow[0, :, 0].tolist() == [0, 2, 4]
    assert lost[0].tolist() == [0, 255, 255]
