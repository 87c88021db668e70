"""What the feed gives, in which order, and what it makes on the way."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.batches import Batch, Batches
from rtskin.train.data.feed import Aside, feed
from rtskin.train.data.sets import scan
from rtskin.train.recipe import parse


@pytest.fixture
def batches(table: dict[str, Any], data: Path) -> Batches:
    recipe = parse({**table, "batch": 1})
    return Batches(recipe, scan(recipe, [data]))


@pytest.mark.parametrize("each", [1, 2])
def test_every_step_has_its_batches(batches: Batches, each: int) -> None:
    found = list(feed(batches, 2, 5, each))
    assert [len(together) for together in found] == [each] * 3
    for number, batch in enumerate((batch for together in found for batch in together), 2 * each):
        assert np.array_equal(batch.images, batches[number].images)


@pytest.mark.parametrize(("count", "within"), [(2, 4), (3, 4), (4, 4), (9, 4), (1, 1), (5, 1)])
def test_what_is_wanted_aside_comes_in_time_and_spread(batches: Batches, count: int, within: int) -> None:
    taken: list[int] = []
    after: list[int] = []
    numbers = range(100, 100 + count)
    for _ in feed(batches, 3, 9, 1, Aside(numbers, within, lambda number, batch: taken.append(number))):
        after.append(len(taken))
    assert taken == list(numbers)
    assert after[within - 1 :] == [count] * (6 - within + 1)
    steps = np.diff([0, *after[:within]])
    assert steps.max() - steps.min() <= 1


def test_workers_make_what_is_wanted_aside_too(batches: Batches, monkeypatch: pytest.MonkeyPatch) -> None:
    expected = [batches[number] for number in (50, 0, 51, 1)]
    batches.recipe = batches.recipe.model_copy(update={"workers": 1})
    monkeypatch.setattr(Batches, "__getitem__", None)  # here; workers import the real one
    taken: list[Batch] = []
    steps = [one for (one,) in feed(batches, 0, 2, 1, Aside((50, 51), 2, lambda number, batch: taken.append(batch)))]
    found = [taken[0], steps[0], taken[1], steps[1]]
    assert all(np.array_equal(one.images, other.images) for one, other in zip(found, expected, strict=True))


def test_an_error_of_the_data_is_the_error(batches: Batches, data: Path) -> None:
    for path in (*(data / "pairs/images").iterdir(), *data.glob("tree/*/*")):
        path.write_bytes(b"")
    with pytest.raises(InputError, match="20 pictures in a row cannot be read"):
        next(feed(batches, 0, 1, 1, Aside((7,), 1, lambda number, batch: None)))
