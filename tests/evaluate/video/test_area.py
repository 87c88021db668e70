"""Trembling of the area."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.evaluate.video.area import jitter


def test_white_noise_is_its_deviation() -> None:
    areas = 50 + np.random.default_rng(0).normal(0, 1, 20_000)
    assert jitter(list(areas)) == pytest.approx(2, rel=0.02)


def test_even_growth_is_none() -> None:
    assert jitter(list(np.arange(10.0, 20.0))) == pytest.approx(0, abs=1e-9)


def test_what_cannot_be_told() -> None:
    assert jitter([1.0, 2.0]) is None
    assert jitter([0.0] * 10) is None
