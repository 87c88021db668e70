from __future__ import annotations

import numpy as np

from rtskin.pool import SHAPES, BufferPool


def address(array: np.ndarray) -> int:
    return array.__array_interface__["data"][0]


def test_a_buffer_is_used_again_only_when_the_last_view_is_gone() -> None:
    pool = BufferPool()
    first = pool.take((10, 20), np.uint8)
    place, view = address(first), first[2:4].reshape(-1)[5:]
    del first
    assert address(pool.take((10, 20), np.uint8)) != place
    del view
    assert address(pool.take((10, 20), np.uint8)) == place


def test_kept_arrays_stay_distinct() -> None:
    pool = BufferPool()
    kept = [pool.take((4, 4), np.float32) for _ in range(50)]
    for value, array in enumerate(kept):
        array[:] = value
    assert [int(array[0, 0]) for array in kept] == list(range(50))


def test_shapes_and_dtypes_do_not_mix() -> None:
    pool = BufferPool()
    place = address(pool.take((4, 4), np.float32))
    other = pool.take((16,), np.float32)
    assert other.shape == (16,)
    assert address(pool.take((4, 4), np.float32)) == place
    assert pool.take((4, 4), np.uint8).dtype == np.uint8


def test_a_pool_keeps_no_more_than_it_may() -> None:
    pool = BufferPool(keep=2)
    arrays = [pool.take((8,), np.uint8) for _ in range(10)]
    del arrays
    assert sum(map(len, pool._spare.values())) == 2


def test_a_pool_forgets_sizes_it_has_not_seen_for_long() -> None:
    pool = BufferPool()
    for height in range(1, 200):
        pool.take((height, 8), np.uint8)
    assert len(pool._spare) == SHAPES
    place = address(pool.take((199, 8), np.uint8))
    assert address(pool.take((199, 8), np.uint8)) == place
