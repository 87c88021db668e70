from __future__ import annotations

import numpy as np
import pytest

from rtskin.train.regions import recipe as recipes
from rtskin.train.regions.batches import changed, draws, plain
from rtskin.train.regions.collect import KEPT, WIDER

RECIPE = recipes.parse({
    "name": "x", "data": [{"name": "a", "paths": ["a"], "ship": True, "terms": "none"}],
})  # fmt: skip


def crop() -> np.ndarray:
    made = np.random.default_rng(0).integers(0, 256, (KEPT, KEPT, 4), np.uint8)
    made[..., 3] = 0
    edge = round(KEPT * (1 - 1 / WIDER) / 2)
    made[edge:-edge, edge:-edge, 3] = 255
    return made


def test_unchanged_it_is_the_middle_of_what_is_kept() -> None:
    seen = plain(crop(), 64)
    assert seen.shape == (64, 64, 4)
    assert (seen[1:-1, 1:-1, 3] > 200).all(), "the mask fills what the network sees"


def test_the_same_draws_give_the_same_crops() -> None:
    one, two, other = (changed(np.random.default_rng(seed), crop(), RECIPE) for seed in (3, 3, 4))
    assert one.shape == (64, 64, 4)
    assert one.dtype == np.uint8
    assert (one == two).all()
    assert (one != other).any()


def test_many_changes_leave_most_of_the_mask() -> None:
    rng = np.random.default_rng(0)
    share = [(changed(rng, crop(), RECIPE)[..., 3] > 127).mean() for _ in range(100)]
    assert np.mean(share) > 0.7
    assert min(share) > 0.2


def test_each_class_as_often_as_the_others() -> None:
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    weights = np.ones(1000)
    weights[905:910] = 0
    picked = draws(np.random.default_rng(0), labels, weights, 3000)
    assert np.bincount(labels[picked]) == pytest.approx([1000, 1000, 1000], rel=0.1)
    assert not np.isin(picked, range(905, 910)).any()
