from __future__ import annotations

import itertools

import pytest

from rtskin.train.loop.schedule import Patience, Rate, factor
from rtskin.train.recipe import Schedule

_SPEC = Schedule(warmup=10, last=0.01)


def test_up_then_down() -> None:
    values = [factor(step, 100, _SPEC) for step in range(101)]
    assert values[0] == pytest.approx(0.1)
    assert values[9] == 1
    assert values[:10] == sorted(values[:10])
    assert values[10:] == sorted(values[10:], reverse=True)
    assert values[100] == pytest.approx(0.01)


def test_the_warm_up_does_not_depend_on_the_total() -> None:
    assert all(factor(step, None, _SPEC) == factor(step, 1000, _SPEC) for step in range(10))


def test_short_trainings_warm_up_a_fifth_of_the_time() -> None:
    assert factor(1, 10, _SPEC) == 1
    assert factor(9, 10, _SPEC) < 0.2


@pytest.mark.parametrize("name", ["cosine", "plateau"])
@pytest.mark.parametrize("known", [5, 30])
@pytest.mark.parametrize("total", [31, 50, 120, 400, 1000])
def test_a_total_that_becomes_known_on_the_way_makes_no_jump(name: str, known: int, total: int) -> None:
    rate = Rate(Schedule(name=name, warmup=100, last=0.01), timed=True)  # type: ignore[arg-type]
    values = [rate(step, None if step < known else total) for step in range(total)]
    rises = [after - before for before, after in itertools.pairwise(values)]
    assert max(rises) <= 1 / 100 + 1e-9
    top = values.index(max(values))
    assert values[:top] == sorted(values[:top])
    if name == "cosine":
        assert values[top:] == sorted(values[top:], reverse=True)
        assert values[-1] < 0.06
        assert (max(values) == 1) == (total >= 500)


def test_a_plateau_lowers_the_rate_as_often_as_it_lasts() -> None:
    rate = Rate(Schedule(name="plateau", warmup=10, factor=0.5, patience=2, last=0.2))
    assert [rate(step, 100) for step in (0, 10, 99)] == [0.1, 1, 1]
    seen = []
    for score in (0.5, 0.6, 0.6, 0.55, 0.59, 0.5, 0.7, 0.1, 0.1, 0.1, 0.1):
        rate.see(score)
        seen.append(rate(50, 100))
    #       better    two not    two not    better, then two not: no lower than last
    assert seen == [1, 1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.2, 0.2, 0.2]


def test_the_cosine_does_not_care() -> None:
    rate = Rate(_SPEC)
    for _ in range(10):
        rate.see(0.1)
    assert rate(10, 100) == factor(10, 100, _SPEC)


def test_a_resumed_plateau_goes_on_where_it_was() -> None:
    spec = Schedule(name="plateau", factor=0.5, patience=3)
    one, two = Rate(spec), Rate(spec)
    for score in (0.5, 0.4, 0.4, 0.4, 0.4, 0.4):
        one.see(score)
    two.load(one.state())
    for rate in (one, two):
        rate.see(0.4)
    assert one(500, 1000) == two(500, 1000) == 0.25


def test_patience_counts_what_is_no_better_by_enough() -> None:
    patience = Patience(least=0.01)
    assert [patience.see(score) for score in (0.5, 0.505, 0.52, 0.4)] == [True, False, True, False]
    assert (patience.best, patience.waited) == (0.52, 1)
