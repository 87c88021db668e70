"""Trails and recent events: what a frame alone does not say."""

from __future__ import annotations

from fractions import Fraction

import numpy as np

from rtskin.frame import BgrPicture, Frame, Region, RegionEvent, Regions, SourceInfo
from rtskin.roi.trails import POINTS, Trails

PICTURE = BgrPicture(np.zeros((36, 64, 3), np.uint8))


def at(ms: int | None, *regions: Region, events: tuple[RegionEvent, ...] = (), captured_ms: int = 0) -> Regions:
    frame = Frame(0, PICTURE, SourceInfo("made", 64, 36), ms, Fraction(1, 1000), captured_ms * 1_000_000)
    return Regions(frame, list(regions), events)


def hand(x: float, number: int = 1) -> Region:
    return Region(number, (x, 10, 4, 6), 24, 0.9)


def test_a_trail_is_the_way_of_the_last_second() -> None:
    trails = Trails(1.0)
    for step in range(50):
        said = trails(at(40 * step, hand(step)))
    xs = [x for x, _ in said.trails[1]]
    assert xs[0] == 24 + 2  # 49 × 40 ms less a second
    assert xs[-1] == 49 + 2
    assert xs == sorted(xs)
    assert {y for _, y in said.trails[1]} == {13}


def test_a_trail_ends_with_its_region() -> None:
    trails = Trails()
    trails(at(0, hand(0), hand(30, 2)))
    said = trails(at(40, hand(1)))
    assert set(said.trails) == {1}
    assert len(trails(at(80, hand(1), hand(40, 2))).trails[2]) == 2


def test_trails_are_bounded_at_any_rate() -> None:
    trails = Trails(1.0)
    for step in range(5000):
        said = trails(at(step, hand(step)))
    assert len(said.trails[1]) <= POINTS + 2


def test_events_are_remembered_for_a_while() -> None:
    trails = Trails(1.0)
    lost = RegionEvent("lost", 7, "hand")
    assert trails(at(0, events=(lost,))).recent == (lost,)
    assert trails(at(900)).recent == (lost,)
    assert trails(at(1100)).recent == ()


def test_a_source_that_begins_anew_begins_anew() -> None:
    trails = Trails()
    trails(at(5000, hand(0), events=(RegionEvent("found", 1),)))
    said = trails(at(0, hand(9)))
    assert (said.recent, said.trails[1]) == ((), ((11, 13), (11, 13)))


def test_sources_without_times_go_by_the_clock() -> None:
    trails = Trails(1.0)
    for step in range(50):
        said = trails(at(None, hand(step), captured_ms=40 * step))
    assert said.trails[1][0] == (26, 13)


def test_an_id_that_went_to_another_thing_draws_no_line_there() -> None:
    trails = Trails()
    for step in range(5):
        said = trails(at(40 * step, hand(step), hand(40 + step, 2)))
    assert [len(said.trails[number]) for number in (1, 2)] == [6, 6]
    swapped = trails(at(200, hand(45), hand(5, 2)))
    assert swapped.trails == {1: ((47, 13), (47, 13)), 2: ((7, 13), (7, 13))}
    assert [len(trail) for trail in trails(at(240, hand(46), hand(6, 2))).trails.values()] == [3, 3]
