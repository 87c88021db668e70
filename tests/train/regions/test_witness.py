from __future__ import annotations

import math

import numpy as np
import pytest

from rtskin.train.regions.ssd import Found
from rtskin.train.regions.witness import _best, _ends, _fingers, _hand_box, between, covered
from tests.roi.label.regions import region_at

SIZE = (640, 480)


def palm(box: tuple[float, float, float, float], wrist: tuple[float, float], knuckle: tuple[float, float]) -> Found:
    return Found(box, 0.9, np.array([wrist, (0, 0), knuckle], float))


def test_how_much_of_a_box_a_region_covers() -> None:
    region = region_at((100, 100, 80, 80), SIZE)
    assert covered(region, (100, 100, 80, 80), SIZE) == pytest.approx((1, 1))
    assert covered(region, (60, 100, 80, 80), SIZE) == pytest.approx((0.5, 0.5))
    assert covered(region, (400, 300, 50, 50), SIZE) == (0, 0)
    # The middle of a box that is twice as large.
    assert covered(region, (60, 60, 160, 160), SIZE, 0.5)[0] == pytest.approx(1)


def test_how_much_lies_between_joints() -> None:
    region = region_at((100, 100, 80, 80), SIZE)
    square = np.array([(60, 60), (140, 60), (140, 240), (60, 240), (100, 150)], float)
    assert between(region, square, SIZE) == pytest.approx(0.5, abs=0.05)
    assert between(region, square + 1000, SIZE) == 0
    assert between(region, square * 1e9, SIZE) >= 0  # a network may say anything


def test_the_best_that_lies_on_it() -> None:
    region = region_at((100, 100, 80, 80), SIZE)
    none = np.zeros((0, 2))
    beside, on = Found((300, 100, 80, 80), 0.9, none), Found((100, 100, 40, 80), 0.6, none)
    assert _best(region, SIZE, [beside, on]) == (0.6, pytest.approx(0.5))
    assert _best(region, SIZE, [beside]) == (0, 0)


@pytest.mark.parametrize(
    ("knuckle", "angle", "middle"),
    [((50, 0), 0, (50, 0)), ((100, 50), math.pi / 2, (100, 50)), ((50, 100), math.pi, (50, 100))],
)
def test_the_hand_lies_towards_the_fingers(
    knuckle: tuple[float, float], angle: float, middle: tuple[float, float]
) -> None:
    found = palm((0, 0, 100, 100), (50, 50), knuckle)
    assert abs(_fingers(found)) == pytest.approx(angle)
    x, y, w, h = _hand_box(found)
    assert (w, h) == (260, 260)
    assert (x + w / 2, y + h / 2) == pytest.approx(middle)


def test_both_ends_of_what_is_long() -> None:
    first, second = _ends((100, 50, 40, 200))
    assert (first[1], second[1] + second[3]) == pytest.approx((50 + 20 - 60, 250 - 20 + 60))
    assert len(list(_ends((0, 0, 200, 40)))) == 2
    assert list(_ends((0, 0, 50, 60))) == []
