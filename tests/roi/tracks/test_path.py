"""What is held: it goes on where it went anywhere."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import Region
from rtskin.roi.tracks.path import Path
from tests.roi.masks import disc, empty, ids, opened, run


def path(points: list[tuple[float, float]], rate: float = 30.0) -> Path:
    made = Path(0.0, (*points[0], 10, 10))
    for number, point in enumerate(points[1:], 1):
        made.add(number / rate, (*point, 10, 10))
    return made


def test_straight_is_what_it_came_of_the_way_it_went() -> None:
    assert path([(5.0 * n, 3.0 * n) for n in range(30)]).straight == pytest.approx(1)
    assert path([(100.0, 100.0)] * 30).straight == 1
    assert path([(30.0 * (n % 2), 0.0) for n in range(30)]).straight < 0.15
    there_and_back = [*range(0, 60, 10), *range(60, -1, -10)]
    assert path([(float(x), 0.0) for x in there_and_back]).straight == pytest.approx(0, abs=0.01)


def test_only_the_last_moment_counts_and_less_than_one_hardly() -> None:
    assert path([*[(30.0 * (n % 2), 0.0) for n in range(30)], *[(10.0 * n, 0.0) for n in range(20)]]).straight > 0.95
    assert Path(0.0, (0, 0, 10, 10)).straight == 0
    assert path([(0.0, 0.0), (40.0, 0.0)]).straight == pytest.approx(1 / 3)


def held(masks: list[np.ndarray]) -> list[Region]:
    told = run(opened(), [*masks, *[empty()] * 24])
    assert all(ids(regions, "held") == [1] for regions in told[len(masks) :])
    return [regions.regions[0] for regions in told[len(masks) :]]


@pytest.mark.parametrize("phase", range(0, 10, 3))
def test_a_hand_that_shakes_is_held_where_it_shakes(phase: int) -> None:
    """At 720 px a second it would be 500 px away; it is less than its own size away from where it was seen last."""
    way = [640 + 120 * (abs((n + phase) % 20 - 10) / 5 - 1) for n in range(40)]
    boxes = [region.box for region in held([disc(x, 360, 90) for x in way])]
    middles = [box[0] + box[2] / 2 for box in boxes]
    assert max(abs(x - way[-1]) for x in middles) < 150


def test_a_hand_that_went_straight_goes_on() -> None:
    boxes = [region.box for region in held([disc(200 + 14 * n, 360, 90) for n in range(20)])]
    assert boxes[9][0] + boxes[9][2] / 2 == pytest.approx(200 + 14 * 29, abs=30)
