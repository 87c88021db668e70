from __future__ import annotations

import pytest

from rtskin.train.recipe import Schedule
from rtskin.train.schedule import factor

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
