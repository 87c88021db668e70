"""Intervals: they cover, they repeat, and pairing narrows them."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.evaluate.bootstrap import difference, interval
from rtskin.evaluate.metrics import Ratio


def mean_of(values: np.ndarray) -> Ratio:
    return Ratio(np.asarray(values, np.float64), np.ones(len(values)))


def test_the_interval_of_a_mean_is_two_standard_errors_wide() -> None:
    values = np.random.default_rng(0).normal(0.5, 0.1, 400)
    figure = interval(mean_of(values))
    assert figure is not None
    error = values.std() / np.sqrt(400)
    assert figure.value == pytest.approx(values.mean())
    assert figure.low == pytest.approx(values.mean() - 1.96 * error, abs=0.2 * error)
    assert figure.high == pytest.approx(values.mean() + 1.96 * error, abs=0.2 * error)


def test_it_covers_the_truth_about_as_often_as_it_says() -> None:
    random = np.random.default_rng(1)
    inside = 0
    for _ in range(200):
        figure = interval(mean_of(random.normal(0, 1, 60)), draws=400)
        assert figure is not None
        inside += figure.low <= 0 <= figure.high
    assert 178 <= inside <= 199  # 95 % of 200 is 190, ± 4 standard errors


def test_the_same_seed_gives_the_same_interval_and_another_another() -> None:
    ratio = mean_of(np.random.default_rng(2).random(50))
    assert interval(ratio, seed=3) == interval(ratio, seed=3)
    assert interval(ratio, seed=3) != interval(ratio, seed=4)


def test_a_paired_difference_knows_that_pictures_are_hard_for_both() -> None:
    random = np.random.default_rng(4)
    hardness = random.random(100)
    one, other = mean_of(hardness + 0.05 + random.normal(0, 0.01, 100)), mean_of(hardness)
    paired, alone = difference(one, other), interval(one)
    assert paired is not None
    assert alone is not None
    assert paired.value == pytest.approx(0.05, abs=0.005)
    assert 0.04 < paired.low < paired.high < 0.06
    assert paired.high - paired.low < 0.2 * (alone.high - alone.low)


def test_ratios_are_resampled_as_ratios() -> None:
    pixels = np.array([1.0, 1000.0] * 20)
    figure = interval(Ratio(pixels * 0.25, pixels))
    assert figure is not None
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.25, 0.25, 0.25))


def test_one_picture_has_no_spread() -> None:
    figure = interval(mean_of(np.array([0.7])))
    assert figure is not None
    assert (figure.value, figure.low, figure.high) == pytest.approx((0.7, 0.7, 0.7))


def test_nothing_to_tell_is_none() -> None:
    nothing = Ratio(np.zeros(3), np.zeros(3))
    assert interval(nothing) is None
    assert interval(Ratio(np.zeros(0), np.zeros(0))) is None
    assert difference(mean_of(np.ones(3)), nothing) is None


def test_draws_that_tell_nothing_are_left_out() -> None:
    figure = interval(Ratio(np.array([0.5, 0, 0, 0]), np.array([1.0, 0, 0, 0])))
    assert figure is not None
    assert (figure.low, figure.high) == (0.5, 0.5)


def test_other_pictures_cannot_be_paired() -> None:
    with pytest.raises(ValueError, match="3 pictures against 4"):
        difference(mean_of(np.ones(3)), mean_of(np.ones(4)))
