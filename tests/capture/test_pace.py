from __future__ import annotations

import pytest

from rtskin.capture.pace import LARGEST_STEP, Pacer


def play(pacer: Pacer, times, busy=None):
    """When each frame is given, with a fake clock and a consumer that takes ``busy`` seconds for each."""
    now, given = 100.0, []
    for index, time in enumerate(times):
        now += pacer.delay(time, now)
        given.append(now - 100.0)
        now += busy[index] if busy else 0.0
    return given


def test_frames_come_when_their_times_say():
    times = [5.0, 5.1, 5.15, 6.0, 9.0]
    assert play(Pacer(), times) == pytest.approx([0, 0.1, 0.15, 1.0, 4.0])


def test_a_late_consumer_does_not_shift_the_schedule():
    times = [index / 10 for index in range(8)]
    given = play(Pacer(10), times, busy=[0, 0.35, 0, 0, 0, 0, 0, 0])
    assert given == pytest.approx([0, 0.1, 0.45, 0.45, 0.45, 0.5, 0.6, 0.7])


def test_steps_back_and_leaps_go_on_at_the_rhythm():
    for jump in (-50.0, LARGEST_STEP + 1, 1e6):
        times = [0.0, 0.1, 0.2 + jump, 0.3 + jump, 0.4 + jump]
        assert play(Pacer(10), times) == pytest.approx([0, 0.1, 0.2, 0.3, 0.4])


def test_a_long_pause_is_sat_through():
    assert play(Pacer(10), [0.0, 9.0]) == pytest.approx([0, 9.0])


def test_frames_without_times_are_due_at_once():
    assert play(Pacer(10), [None, 1.0, None, 1.1]) == pytest.approx([0, 0, 0, 0.1])
