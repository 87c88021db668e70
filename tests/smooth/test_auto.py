"""The rule of auto, by a clock that is set: one step of the stream is one step of the clock."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from rtskin.smooth.auto import BACK, LONGEST_WAIT, MEASURED, SHARE, STAYED, WAIT, Auto, Gauge


class Stream:
    """Frames at a rate, and what the best method would take for each; remembers when the method changed."""

    def __init__(self, takes_prior: bool = False) -> None:
        self.now = 1000.0
        self.auto = Auto(takes_prior, lambda: self.now)
        self.changes: list[tuple[float, str]] = []
        self.trials = 0

    def run(self, seconds: float, cost: float | Callable[[float], float], rate: float = 30.0) -> str:
        """cost: milliseconds a frame, or a function of the seconds since this run began. Answers the method at its end."""
        begun = self.now
        while self.now - begun < seconds - 1e-6:
            before = self.auto.choice.method
            taken = cost if isinstance(cost, float) else cost(self.now - begun)
            # adaptive takes little, whatever the best would take.
            after = self.auto.frame(taken if before != "adaptive" else 0.3, 1 / rate).method
            if after != before:
                self.changes.append((self.now, after))
            self.now += 1 / rate
        return self.auto.choice.method


#: Milliseconds at 30 frames a second that are too long, within the limit but not taken back at, and taken back at.
SLOW, BETWEEN, FAST = 6.0, 4.2, 2.0
assert SHARE * 1000 / 30 < SLOW
assert BACK * 1000 / 30 < BETWEEN < SHARE * 1000 / 30
assert FAST < BACK * 1000 / 30


@pytest.mark.parametrize(
    ("takes_prior", "rate", "cost", "method"),
    [
        (True, 30, 2.0, "prior"), (False, 30, 2.0, "flow"),
        (True, 30, 6.0, "adaptive"), (False, 30, 6.0, "adaptive"),
        (False, 60, 3.0, "adaptive"), (False, 15, 6.0, "flow"),
        (False, 30, 4.9, "flow"), (False, 30, 5.1, "adaptive"),
    ],
)  # fmt: skip
def test_the_best_that_there_is_time_for(takes_prior: bool, rate: float, cost: float, method: str) -> None:
    stream = Stream(takes_prior)
    assert stream.auto.choice.method == ("prior" if takes_prior else "flow")
    assert stream.run((MEASURED - 1) / rate, cost, rate) == stream.auto.choice.method != "adaptive"
    assert stream.run(1 / rate, cost, rate) == method
    assert stream.run(5, cost, rate) == method


def test_it_says_why() -> None:
    stream = Stream()
    assert stream.auto.choice.why == "the model takes no prior"
    stream.run(1, 2.0, 30)
    assert stream.auto.choice.why == "the model takes no prior; flow takes 2.0 of 33.3 ms between frames"
    stream.run(1, 3.04, 60)
    assert stream.auto.choice.why == "flow takes 3.0 of 16.7 ms between frames, more than 15%; tried again after 10 s"
    while stream.auto.choice.method == "adaptive":
        stream.run(1 / 60, 1.0, 60)
    assert stream.auto.choice.why == "flow is tried again after 10 s; it took 3.0 ms a frame"
    stream.run(1, 2.0, 60)
    assert stream.auto.choice.why == "flow takes 2.0 of 16.7 ms between frames, more than 10%; tried again after 20 s"
    assert Stream(True).auto.choice.why == "the model takes a prior"


def test_frames_that_know_no_time_and_costs_that_nobody_knows_tell_nothing() -> None:
    auto = Auto(False, lambda: 0.0)
    for _ in range(100):
        assert auto.frame(50.0, None).method == "flow"
        assert auto.frame(50.0, 0.0).method == "flow"
        assert auto.frame(None, 1 / 30).method == "flow"


def test_it_comes_back_when_the_machine_is_free_again() -> None:
    stream = Stream()
    assert stream.run(5, SLOW) == "adaptive"
    assert stream.run(60, FAST) == "flow"
    assert [method for _, method in stream.changes] == ["adaptive", "flow"]
    left, back = (time for time, _ in stream.changes)
    assert back - left == pytest.approx(WAIT, abs=0.1)


def test_what_is_only_just_within_the_limit_is_not_taken_back() -> None:
    stream = Stream()
    assert stream.run(120, BETWEEN) == "flow"
    assert stream.changes == []
    stream.run(5, SLOW)
    assert stream.run(8 * LONGEST_WAIT, BETWEEN) == "adaptive"


def test_a_busy_machine_is_asked_ever_more_rarely() -> None:
    """Trials take MEASURED frames each, and the wait doubles up to its longest."""
    stream = Stream()
    stream.run(2 * 3600, SLOW)
    back = [time for time, method in stream.changes if method == "flow"]
    left = [time for time, method in stream.changes if method == "adaptive"]
    waits = [one - other for one, other in zip(back, left, strict=False)]
    doubled = [WAIT * 2**number for number in range(6)]
    assert waits[:6] == pytest.approx(doubled, abs=0.1)
    assert all(wait == pytest.approx(LONGEST_WAIT, abs=0.1) for wait in waits[5:])
    assert all(one - other == pytest.approx(MEASURED / 30, abs=0.1) for one, other in zip(left[1:], back, strict=False))


def test_a_machine_that_is_busy_now_and_then_does_not_make_it_swing() -> None:
    """Twelve seconds free, twelve busy: it comes back after its wait, and not at every chance."""
    stream = Stream()
    stream.run(3600, lambda seconds: FAST if seconds % 24 < 12 else SLOW)
    changes = [time for time, _ in stream.changes]
    assert len([time for time in changes if time > 1000 + 600]) <= 2 * 3000 / LONGEST_WAIT + 2


def test_a_minute_without_leaving_makes_the_wait_short_again() -> None:
    stream = Stream()
    stream.run(200, SLOW)
    assert stream.run(400 + STAYED, FAST) == "flow"
    stream.run(2, SLOW)
    left = stream.changes[-1][0]
    assert stream.run(60, FAST) == "flow"
    assert stream.changes[-1][0] - left == pytest.approx(WAIT, abs=0.1)


def test_a_camera_that_slows_down_gives_it_time() -> None:
    """What took too much of 60 frames a second is little of 15: there is no need to wait for long then."""
    stream = Stream()
    stream.run(400, 4.0, rate=60)
    assert stream.auto._until - stream.now > 60
    changed = stream.now
    assert stream.run(3, 4.0, rate=15) == "flow"
    assert stream.changes[-1][0] - changed < 2
    assert stream.run(600, 4.0, rate=15) == "flow"
    assert stream.run(3, 4.0, rate=60) == "adaptive"


def test_one_frame_that_took_long_is_nothing() -> None:
    stream = Stream()
    assert stream.run(60, lambda seconds: 40.0 if seconds % 1 < 1 / 31 else FAST) == "flow"
    assert stream.changes == []


def test_a_gauge_takes_its_time_and_is_not_led_by_one() -> None:
    gauge = Gauge()
    for number in range(MEASURED - 1):
        gauge.add(1.0 if number else 100.0)
        assert gauge.median is None
    gauge.add(1.0)
    assert gauge.median == 1.0
    gauge.clear()
    assert gauge.median is None
