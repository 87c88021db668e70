from __future__ import annotations

import numpy as np
import pytest

from rtskin.preprocess.taps import taps

SIZES = [
    (1, 1),
    (1, 256),
    (2, 256),
    (256, 1),
    (720, 256),
    (257, 256),
    (255, 256),
    (4000, 1),
    (3, 2),
    (2, 3),
    (8191, 256),
]


@pytest.mark.parametrize(("source", "target"), SIZES)
def test_weights_sum_to_one_and_read_inside(source: int, target: int) -> None:
    start, weights = taps(source, target)
    assert start.shape == (target,)
    assert np.allclose(weights.sum(1), 1, atol=1e-5)
    assert (weights >= 0).all()
    assert int(start.max()) + weights.shape[1] <= source


@pytest.mark.parametrize(("source", "target"), [(720, 256), (1280, 256), (257, 256), (8191, 256), (9, 9)])
def test_reduction_uses_every_sample_alike(source: int, target: int) -> None:
    start, weights = taps(source, target)
    used = np.zeros(source)
    for first, row in zip(start, weights, strict=True):
        used[first : first + row.size] += row
    assert np.allclose(used, target / source, atol=1e-5)


def test_the_same_size_changes_nothing() -> None:
    start, weights = taps(7, 7)
    assert start.tolist() == list(range(7))
    assert weights.tolist() == [[1.0]] * 7
