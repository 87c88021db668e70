from __future__ import annotations

from fractions import Fraction

from rtskin.capture.live import LagMeter, Timeline

MS = Fraction(1, 1000)


def lates(meter: LagMeter, arrivals) -> list[bool]:
    return [meter.late(time, now) for time, now in arrivals]


def test_a_steady_stream_is_never_late():
    assert not any(lates(LagMeter(0.5), [(n / 30, 70 + n / 30 + (n % 3) * 0.05) for n in range(300)]))


def test_a_burst_at_the_start_is_not_late():
    burst = [(n / 30, 100.0 + n * 0.001) for n in range(60)]
    steady = [(2 + n / 30, 100.06 + n / 30) for n in range(60)]
    assert not any(lates(LagMeter(0.5), burst + steady))


def test_a_backlog_is_late_until_it_is_caught_up():
    before = [(n / 30, n / 30) for n in range(30)]
    # Three seconds of silence, then what had piled up comes ten times as fast.
    backlog = [(1 + n / 30, 4 + n / 300) for n in range(100)]
    after = [(1 + n / 30, 1 + n / 30 + 0.01) for n in range(103, 150)]
    meter = LagMeter(0.5)
    assert not any(lates(meter, before))
    late = lates(meter, backlog)
    assert all(late[:80])
    assert not any(late[95:])
    assert not any(lates(meter, after))


def test_a_sender_that_paused_is_the_new_normal_after_a_second():
    meter = LagMeter(0.5)
    lates(meter, [(n / 30, n / 30) for n in range(30)])
    late = lates(meter, [(1 + n / 30, 4 + n / 30) for n in range(90)])
    assert late[0]
    assert 25 <= sum(late) <= 35
    assert not any(late[40:])


def test_clocks_that_drift_apart_are_followed():
    # The camera's clock is 0.05 % slow: 3.6 seconds in two hours.
    assert not any(lates(LagMeter(0.5), [(n, n * 1.0005) for n in range(7200)]))


def test_a_break_in_the_times_begins_anew():
    meter = LagMeter(0.5)
    assert lates(meter, [(5, 1), (5.1, 1.1), (0.0, 9.0), (0.1, 9.1), (1000.0, 9.2)]) == [False] * 5


def test_times_grow_through_a_reconnect():
    line = Timeline(MS)
    assert [line.stamp(pts, MS, now) for pts, now in ((500, 10.0), (533, 10.03), (566, 10.06))] == [500, 533, 566]
    line.reset()
    assert [line.stamp(pts, MS, now) for pts, now in ((0, 12.06), (33, 12.1))] == [2566, 2599]


def test_another_time_base_after_a_reconnect():
    line = Timeline(MS)
    line.stamp(0, MS, 0.0)
    line.reset()
    ticks = Fraction(1, 90000)
    assert [line.stamp(pts, ticks, now) for pts, now in ((900000, 1.0), (903000, 1.03))] == [1000, 1033]


def test_a_first_frame_without_pts():
    line = Timeline(MS)
    assert line.stamp(None, MS, 5.0) == 0
    assert line.stamp(90_000, MS, 5.04) == 40
    assert line.stamp(90_033, MS, 5.07) == 73
    assert line.stamp(None, MS, 5.1) in (102, 103)


def test_steps_back_and_leaps_are_bridged():
    line = Timeline(MS)
    line.stamp(1000, MS, 0.0)
    assert line.stamp(20, MS, 0.04) == 1040
    assert line.stamp(60, MS, 0.08) == 1080
    assert line.stamp(10_000_000, MS, 0.125) in (1124, 1125)
    assert line.stamp(10_000_000, MS, 0.125) in (1125, 1126)
