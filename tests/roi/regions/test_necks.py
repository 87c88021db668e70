"""Regions that are two things touching, and those that are one."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.roi.components import find_regions
from rtskin.roi.found import FoundRegion
from rtskin.roi.regions.necks import split_at_necks
from tests.roi.masks import FRAME, disc, ellipse, hand

SIZE = FRAME


def only(mask: np.ndarray) -> FoundRegion:
    (region,) = find_regions(mask, SIZE)
    return region


@pytest.mark.parametrize("scale", [0.4, 1.0, 2.0])
@pytest.mark.parametrize("radius", [0.65, 0.8, 1.0])
def test_two_that_touch_are_two(scale: float, radius: float) -> None:
    big, small = 90 * scale, 90 * radius * scale
    mask = np.maximum(disc(400, 360, big), disc(400 + big + 0.95 * small, 360, small))
    left, right = sorted(split_at_necks(only(mask), SIZE), key=lambda part: part.box[0])
    assert left.box == pytest.approx((400 - big, 360 - big, 2 * big, 2 * big), abs=14)
    assert right.box == pytest.approx((400 + big - 0.05 * small, 360 - small, 2 * small, 2 * small), abs=14)
    assert left.area + right.area == pytest.approx(only(mask).area)


def test_three_in_a_row_are_three() -> None:
    mask = np.maximum.reduce([disc(300 + 170 * number, 300, 90) for number in range(3)])
    assert len(split_at_necks(only(mask), SIZE)) == 3


@pytest.mark.parametrize(
    "mask",
    [
        disc(400, 300, 100),
        ellipse(400, 300, 60, 150),
        hand(500, 400, 250),
        np.maximum(ellipse(600, 250, 100, 135), ellipse(600, 420, 80, 140)),  # a face and a neck
        np.maximum(hand(500, 300, 250), ellipse(500, 500, 40, 200)),  # a forearm
        disc(400, 300, 14),
    ],
    ids=["disc", "face", "hand", "neck", "forearm", "tiny"],
)
def test_one_thing_stays_one(mask: np.ndarray) -> None:
    region = only(mask)
    assert split_at_necks(region, SIZE) == [region]
