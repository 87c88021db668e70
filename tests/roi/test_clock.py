"""Two clocks: one that is set now and then, and one that never is."""

from __future__ import annotations

from rtskin.roi.clock import WallClock
from rtskin.roi.record import Recorder
from tests.roi.made import regions

NOON = 1_795_262_400_000_000_000
SECOND = 1_000_000_000


class Clocks:
    """A wall clock that may be set, and the monotonic one."""

    def __init__(self) -> None:
        self.monotonic, self.wall = 50 * SECOND, NOON

    def pass_time(self, ns: int) -> None:
        self.monotonic += ns
        self.wall += ns

    def make(self) -> WallClock:
        return WallClock(lambda: self.wall, lambda: self.monotonic)


def test_times_are_when_it_was_captured_not_now() -> None:
    clocks = Clocks()
    clock = clocks.make()
    clocks.pass_time(SECOND)
    assert clock.text(clocks.monotonic - 1_500) == "2026-11-21T12:00:00.999998Z"
    assert clock.text(clocks.monotonic) == "2026-11-21T12:00:01.000000Z"


def test_a_step_moves_times_and_leaves_ages_alone() -> None:
    clocks = Clocks()
    record = Recorder(clock=clocks.make())

    def said() -> tuple[str, float]:
        clocks.pass_time(SECOND // 4)
        one = record(regions(0, captured_ns=clocks.monotonic - 10_000_000), now_ns=clocks.monotonic)
        return one["captured_at"], one["age_ms"]

    assert said() == ("2026-11-21T12:00:00.240000Z", 10.0)
    clocks.wall -= 3600 * SECOND
    assert said() == ("2026-11-21T11:00:00.490000Z", 10.0)
    clocks.wall += 2 * 3600 * SECOND
    assert said() == ("2026-11-21T13:00:00.740000Z", 10.0)


def test_trembling_of_the_clocks_does_not_reach_the_times() -> None:
    clocks = Clocks()
    clock = clocks.make()
    for tremble in (300_000, -900_000, 1_900_000):
        clocks.wall += tremble
        assert clock.text(50 * SECOND) == "2026-11-21T12:00:00.000000Z"
        clocks.wall -= tremble


def test_losing_the_processor_between_two_looks_is_no_step() -> None:
    monotonic = [1, 1, 2, 5_000_002, 5_000_003, 5_000_003]
    walls = [NOON + 1, NOON + 5_000_002, NOON + 5_000_003]
    clock = WallClock(lambda: walls.pop(0), lambda: monotonic.pop(0))
    assert clock.text(5_000_000) == "2026-11-21T12:00:00.005000Z"
    assert not walls
