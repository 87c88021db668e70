"""The time of a stream: gaps, dropped frames, steps of the clock, cuts."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo
from rtskin.node import Context
from rtskin.roi.node import FindRegions
from rtskin.roi.tracks.clock import Clock
from rtskin.smooth.stream import Continuity
from tests.roi.masks import disc, events, frame, ids, opened, run, together


def ticks(times: list[float | None], captured: list[float] | None = None) -> list[tuple[bool, float, float]]:
    clock = Clock(cuts=False)
    stamps = captured or [0.0] * len(times)
    return [
        (broke, pytest.approx(seconds), pytest.approx(now))
        for number, (time, stamp) in enumerate(zip(times, stamps, strict=True))
        for broke, seconds, now in [clock(frame(time, number, captured=stamp))]
    ]


def test_it_is_told_by_pts() -> None:
    assert ticks([5.0, 5.1, 5.3], [100.0, 200.0, 300.0]) == [(False, 1 / 30, 0), (False, 0.1, 0.1), (False, 0.2, 0.3)]


def test_without_pts_by_the_clock_at_capture() -> None:
    assert ticks([None] * 3, [7.0, 7.5, 8.5]) == [(False, 1 / 30, 0), (False, 0.5, 0.5), (False, 1.0, 1.5)]


def test_without_either_by_the_usual_rate() -> None:
    assert ticks([None, None]) == [(False, 1 / 30, 0), (False, 1 / 30, 1 / 30)]


@pytest.mark.parametrize("step", [-3600.0, -0.01, 2.1, 3600.0])
def test_a_step_breaks_and_is_no_time(step: float) -> None:
    (*_, broken, after) = ticks([5.0, 5.1, 5.1 + step, 5.2 + step])
    assert broken == (True, 1 / 30, 0.1 + 1 / 30)
    assert after == (False, 0.1, 0.2 + 1 / 30)


def test_two_frames_of_one_time_are_taken() -> None:
    (_, second) = ticks([5.0, 5.0])
    assert second == (False, 0.001, 0.001)


def test_dropped_frames_change_no_ids_and_no_speeds() -> None:
    random = np.random.default_rng(4)
    node, told = opened(), []
    for number in range(120):
        if number < 20 or random.random() > 0.6:
            mask = together(disc(200 + 6 * number, 300, 80), disc(1000 - 6 * number, 500, 100))
            told.append(node.process(Scores(frame(number / 30, number), mask)))
    assert events(told) == [("found", 1), ("found", 2)]
    velocities = {region.id: region.velocity[0] for region in told[-1].regions}
    assert velocities == {1: pytest.approx(-180, abs=25), 2: pytest.approx(180, abs=25)}


def test_a_gap_of_a_second_is_bridged_where_a_thing_stands_and_not_where_it_went() -> None:
    node = opened()
    told = run(node, [together(disc(600, 300, 80))] * 30)
    told += run(node, [together(disc(605, 300, 80))] * 5, begin=2.0)
    assert events(told) == [("found", 1)]
    told += run(node, [together(disc(100, 650, 60))] * 5, begin=3.2)
    assert ("found", 2) in events(told)


@pytest.mark.parametrize("begin", [-100.0, 3600.0])
def test_a_step_of_the_clock_ends_what_was_there_and_ages_stay_small(begin: float) -> None:
    node = opened()
    told = run(node, [together(disc(600, 300, 80))] * 30, begin=200)
    told += run(node, [together(disc(600, 300, 80))] * 6, begin=200 + begin)
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]
    assert told[-1].regions[0].age == pytest.approx(5 / 30)


def test_a_cut_ends_what_was_there_and_nothing_comes_back() -> None:
    random = np.random.default_rng(0)
    info = SourceInfo("made", 320, 180)

    def picture() -> BgrPicture:
        coarse = random.integers(0, 255, (9, 16, 3)).astype(np.uint8)
        return BgrPicture(np.ascontiguousarray(coarse.repeat(20, axis=0).repeat(20, axis=1)))

    shots = [picture(), picture()]
    for cuts, expected in ((True, [1, 2]), (False, [1, 1])):
        node = FindRegions(cuts=cuts, labels="none")
        node.open(Context())
        mask = together(disc(600, 300, 80))
        told = [node.process(Scores(Frame(n, shots[n // 10], info, 33 * n), mask)) for n in range(20)]
        assert [ids(told[9])[0], ids(told[10])[0]] == expected
        node.close()


def test_a_cut_that_the_smoothing_found_is_not_looked_for_again() -> None:
    node = FindRegions(labels="none")
    node.open(Context())
    told = []
    for number in range(12):
        shown = frame(number / 30, number)
        shown.cut = number == 6
        told.append(node.process(Scores(shown, together(disc(600, 300, 80)))))
        # Nobody looked at the picture.
        assert shown.small is None
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]


def test_the_smoothing_says_what_it_found() -> None:
    shown = frame(0.0)
    assert shown.cut is None
    Continuity()(shown, "")
    assert shown.cut is False
    other = frame(0.0)
    Continuity(cuts=False)(other, "")
    assert other.cut is None
