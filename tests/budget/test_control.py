"""What a budget picks: a made-up machine, looked at twice a second, in simulated time."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from rtskin.budget.control import TWICE, Choice, Control, Load
from rtskin.budget.levels import LEVELS, Level, levels

LOOK = 0.5


class Machine:
    """A display that takes ``load`` times its time beside a network: what it shows follows from what is picked."""

    def __init__(self, fps: float | None = 30, latency: float | None = 50, **options: bool) -> None:
        self.now, self.load, self.camera = 0.0, 1.0, 30.0
        self.network_ms, self.noise, self.random = 10.0, 0.0, np.random.default_rng(3)
        self.control = Control(LEVELS, fps, latency, clock=lambda: self.now, **options)
        self.seen: list[tuple[float, Choice]] = []
        self.late: list[float] = []

    def seconds(self, seconds: float) -> Choice:
        for _ in range(round(seconds / LOOK)):
            self.now += LOOK
            load = self.measured(self.control.choice)
            self.late.append(load.latency_ms or 0.0)
            choice = self.control.look(load)
            if not self.seen or (choice.level, bool(choice.wait_ms)) != (
                self.seen[-1][1].level,
                bool(self.seen[-1][1].wait_ms),
            ):
                self.seen.append((self.now, choice))
        return self.control.choice

    def measured(self, choice: Choice) -> Load:
        level, spread = choice.level, float(np.exp(self.noise * self.random.normal()))
        network = self.network_ms * self.load * spread * (0.6 if level.small else 1.0)
        same = 3.0 * self.load * spread
        filtered = (1.0 if level.light else 3.0) * self.load * spread
        riding = 0.0 if choice.wait_ms else 4.0 * self.load * spread
        # Two cores: what the network takes of them, one at most, the display has not.
        busy = min(network / level.every * self.camera / 1000, 1) + (same + filtered + riding) * self.camera / 1000
        shown = min(self.camera, self.camera * 1.6 / max(busy, 1e-9))
        display = same + filtered + riding
        waited = min(network, choice.wait_ms)
        return Load(
            self.camera, shown, display + waited + (shown < self.camera) * 30, network, display, same, "it is slow"
        )


def test_where_there_is_time_the_best_is_used_and_stays() -> None:
    machine = Machine()
    choice = machine.seconds(600)
    assert choice.level == Level()
    assert choice.wait_ms > 10
    assert machine.control.changes == machine.control.missed == 0
    assert machine.control.news == []


def test_a_slow_network_is_left_beside_the_stream_and_comes_back() -> None:
    """Ten times slower for a minute: within a second and a half masks ride, and after its end they soon do not."""
    machine = Machine()
    machine.seconds(20)
    machine.network_ms = 100
    assert machine.seconds(1.5).wait_ms == 0
    machine.seconds(58.5)
    assert machine.control.choice.level == Level()  # the display does not feel it: nothing else is given up
    assert max(machine.late) <= 50
    machine.network_ms = 10
    assert machine.seconds(6).wait_ms > 0
    assert machine.control.changes == 2
    assert machine.control.missed == 0


def test_load_takes_steps_down_and_its_end_leads_back() -> None:
    machine = Machine()
    machine.seconds(10)
    machine.load = 4
    machine.seconds(1)  # two looks that miss
    assert machine.control.choice.level != Level()
    down = machine.seconds(15).level
    assert LEVELS.index(down) >= 2
    assert machine.measured(machine.control.choice).shown > 27
    machine.load = 1
    assert machine.seconds(30).level == Level()
    assert machine.control.choice.wait_ms > 0


@pytest.mark.parametrize("load", [1.5, 2.0, 2.5, 3.0, 3.5, 4.0, 5.0])
@pytest.mark.parametrize("noise", [0.0, 0.1, 0.25])
def test_a_busy_machine_does_not_change_for_ever(load: float, noise: float) -> None:
    machine = Machine()
    machine.load, machine.noise = load, noise
    machine.seconds(3600)
    # Half of them are trials that end at once.
    late = [when for when, _ in machine.seen if when > 1800]
    assert len(late) <= 1800 / 60


def test_one_bad_look_changes_nothing() -> None:
    machine = Machine()
    for _ in range(50):
        machine.seconds(5)
        machine.load = 10
        machine.seconds(LOOK * (TWICE - 1))
        machine.load = 1
    assert machine.control.changes == 0
    assert machine.control.missed == 50


def test_what_cannot_be_held_is_said_once() -> None:
    machine = Machine()
    machine.load = 40
    machine.seconds(300)
    assert machine.control.choice.level == LEVELS[-1]
    cannot = [words for words in machine.control.news if "cannot" in words]
    assert len(cannot) == 1
    assert "frames/s; it is slow" in cannot[0]


def test_a_source_that_gives_less_is_said_once_and_costs_nothing() -> None:
    machine = Machine(fps=60)
    choice = machine.seconds(300)
    assert machine.control.news == ["the source gives 30 frames/s, fewer than the 60 to be shown"]
    assert choice.level == Level()


def test_a_pause_is_not_judged() -> None:
    control = Control(LEVELS, 30, 50, clock=lambda: 0.0)
    for _ in range(100):
        control.look(Load(30, 0, None))
    assert (control.changes, control.missed) == (0, 0)


def test_only_a_rate_or_only_a_latency() -> None:
    assert Machine(latency=None).seconds(60).level == Level()
    assert Machine(fps=None).seconds(60).level == Level()
    tight = Machine(fps=None, latency=8)
    tight.network_ms = 20
    assert tight.seconds(60).wait_ms == 0


def test_who_never_waits_lets_masks_ride_from_the_start() -> None:
    machine = Machine(waits=False)
    assert machine.control.choice.wait_ms == 0
    assert machine.seconds(60).wait_ms == 0
    assert machine.control.changes == 0


def test_the_levels_keep_what_was_asked_for() -> None:
    assert levels(light=True, small=True) == LEVELS
    kept: dict[str, Callable[[Level], bool]] = {"light": lambda one: one.light, "small": lambda one: one.small}
    for name, given_up in kept.items():
        rest = levels(light=name != "light", small=name != "small")
        assert not any(map(given_up, rest))
        assert rest[0] == Level()
        assert len(set(rest)) == len(rest)
    assert [str(one) for one in levels(light=False, small=False)][:2] == [
        "the network on every frame",
        "the network every 2 frames",
    ]
