"""The rule of auto."""

from __future__ import annotations

import pytest

from rtskin.smooth.auto import MEASURED, Gauge, choose


@pytest.mark.parametrize(
    ("takes_prior", "rate", "cost", "method"),
    [
        (True, 30, None, "prior"), (False, 30, None, "flow"),
        (True, 30, 2.0, "prior"), (False, 30, 2.0, "flow"),
        (True, 30, 6.0, "adaptive"), (False, 30, 6.0, "adaptive"),
        (False, 60, 3.0, "adaptive"), (False, 15, 6.0, "flow"),
        (False, None, 4.9, "flow"), (False, None, 5.1, "adaptive"),
    ],
)  # fmt: skip
def test_the_best_that_there_is_time_for(takes_prior: bool, rate: float, cost: float, method: str) -> None:
    assert choose(takes_prior, rate, cost).method == method


def test_it_says_why() -> None:
    assert choose(False, 60, 3.04).why == "flow takes 3.0 of 16.7 ms between frames, more than 15%"
    assert choose(True, 30, 2).why == "the model takes a prior; prior takes 2.0 of 33.3 ms between frames"


def test_a_gauge_takes_its_time_and_is_not_led_by_one() -> None:
    gauge = Gauge()
    for number in range(MEASURED - 1):
        gauge.add(1.0 if number else 100.0)
        assert gauge.median is None
    gauge.add(1.0)
    assert gauge.median == 1.0
    gauge.clear()
    assert gauge.median is None
