from __future__ import annotations

import numpy as np
import pytest

from rtskin.roi.label.crops import ROOM
from rtskin.train.regions import recipe as recipes
from rtskin.train.regions.batches import changed, draws, plain
from rtskin.train.regions.collect import KEPT, WIDE

RECIPE = recipes.parse({
    "name": "x", "data": [{"name": "a", "paths": ["a"], "ship": True, "terms": "none"}],
})  # fmt: skip
ONLY_PIECES = {
    "piece": 1.0,
    "mask": 0.0,
    "cover": 0.0,
    "cut": 0.0,
    "small": 0.0,
    "zoom": 0.0,
    "degrees": 0.0,
    "shift": 0.0,
}


def crop() -> np.ndarray:
    made = np.random.default_rng(0).integers(0, 256, (KEPT, KEPT, 4), np.uint8)
    made[..., 3] = 0
    edge = round(KEPT * (1 - ROOM / WIDE) / 2)
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


def test_of_a_piece_what_is_around_it_is_seen() -> None:
    """As large as if it were all of the region; and never where it is asked not to be."""
    made = crop()
    made[..., 3] = 0
    made[40:90, 40:90, 3] = 255
    always = RECIPE.model_copy(update={"shake": RECIPE.shake.model_copy(update=ONLY_PIECES)})
    rng = np.random.default_rng(0)
    longest = []
    for _ in range(40):
        ys, xs = np.nonzero(changed(rng, made, always, pieces=True)[..., 3] > 127)
        longest.append(max(np.ptp(xs), np.ptp(ys)) + 1)
    assert np.median(longest) == pytest.approx(64 / ROOM, rel=0.15)
    whole = [(changed(rng, made, always)[..., 3] > 127).sum() for _ in range(5)]
    assert min(whole) > 0.9 * (50 * 64 / (KEPT / WIDE * ROOM)) ** 2


def test_each_class_as_often_as_the_others() -> None:
    labels = np.repeat([0, 1, 2], [900, 90, 10])
    weights = np.ones(1000)
    weights[905:910] = 0
    picked = draws(np.random.default_rng(0), labels, weights, 3000)
    assert np.bincount(labels[picked]) == pytest.approx([1000, 1000, 1000], rel=0.1)
    assert not np.isin(picked, range(905, 910)).any()
