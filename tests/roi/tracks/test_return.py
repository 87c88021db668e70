"""What leaves over a border and comes back, and when it is something else."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import Frame, RegionEvent
from rtskin.roi.found import FoundRegion
from rtskin.roi.tracks.tracker import Habits, Tracker
from tests.roi.masks import FRAME, disc, empty, events, frame, opened, run, together

SPEED = 20


def out(y: float = 400) -> list[np.ndarray]:
    """Over the right border."""
    return [together(disc(1000 + SPEED * n, y, 90)) for n in range(22)]


def back_at(x: float, y: float, dx: float, dy: float) -> list[np.ndarray]:
    return [together(disc(x + dx * n, y + dy * n, 90)) for n in range(20)]


RIGHT = back_at(1380, 300, -SPEED, 0)


def gone(seconds: float) -> list[np.ndarray]:
    """The last trace of the hand is in the frame before, the first in the one after, nearly."""
    return [empty()] * round(seconds * 30)


@pytest.mark.parametrize("seconds", [0.3, 1.0, 1.7])
def test_at_the_same_border_it_is_the_same(seconds: float) -> None:
    told = run(opened(), [*out(), *gone(seconds), *RIGHT])
    assert events(told) == [("found", 1), ("lost", 1), ("back", 1)]
    # Its age goes on.
    assert told[-1].regions[0].age == pytest.approx((len(told) - 1) / 30)


def test_it_is_lost_when_it_leaves_and_not_held_outside() -> None:
    told = run(opened(), [*out(), *gone(0.5)])
    lost = next(number for number, regions in enumerate(told) if ("lost", 1) in events([regions]))
    assert lost <= 20
    assert all(not regions.regions for regions in told[lost:])


def test_later_it_is_new() -> None:
    told = run(opened(), [*out(), *gone(2.4), *RIGHT])
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]
    told = run(opened(memory=0.5), [*out(), *gone(1.0), *RIGHT])
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]
    told = run(opened(memory=0), [*out(), *gone(0.3), *RIGHT])
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]


@pytest.mark.parametrize("path", [(-100, 400, SPEED, 0), (640, -100, 0, SPEED), (640, 820, 0, -SPEED)])
def test_at_another_border_it_is_new(path: tuple[float, float, float, float]) -> None:
    told = run(opened(), [*out(), *gone(0.5), *back_at(*path)])
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]


def test_in_the_middle_it_is_new() -> None:
    told = run(opened(), [*out(), *gone(0.5), *[together(disc(500, 300, 90))] * 10])
    assert events(told) == [("found", 1), ("lost", 1), ("found", 2)]


def test_two_that_left_come_back_each_where_it_left() -> None:
    both = [together(disc(1000 + SPEED * n, 150, 90), disc(280 - SPEED * n, 550, 100)) for n in range(24)]
    told = run(opened(), [*both, *gone(0.5), *reversed(both)])
    left_first = [event for event in events(told) if event[0] == "back"]
    assert sorted(left_first) == [("back", 1), ("back", 2)]
    where = {region.id: region.box[0] for region in told[-1].regions}
    assert where[1] < 640 < where[2]


@pytest.mark.parametrize(("label", "event"), [("hand", "back"), ("face", "found"), ("other", "back")])
def test_another_label_is_another_thing(label: str, event: str) -> None:
    """A face where a hand left is not that hand; what is not told yet may be."""
    shares = {"hand": (0.1, 0.8, 0.1), "face": (0.9, 0.05, 0.05), "other": (0.2, 0.3, 0.5)}
    now = ["hand"]

    def label_all(frame: Frame, regions: object) -> list[tuple[float, float, float]]:
        return [shares[now[0]] for _ in regions]  # type: ignore[attr-defined]

    node = opened()
    tracker = Tracker(Habits(cuts=False), label_all)
    node._tracker = tracker
    run(node, [*out(), *gone(0.5)])
    now[0] = label
    told = run(node, RIGHT, begin=22 / 30 + 0.5)
    (happened,) = [one for regions in told for one in regions.events]
    assert happened.kind == event
    if event == "back":
        assert happened == RegionEvent("back", 1, "hand")  # what most looks said


def test_the_label_is_what_most_of_the_looks_say() -> None:
    said = [(0.2, 0.7, 0.1)] * 2 + [(0.6, 0.3, 0.1)] + [(0.2, 0.7, 0.1)] * 50
    asked: list[int] = []

    def label(frame: Frame, regions: list[FoundRegion]) -> list[tuple[float, float, float]]:
        asked.append(frame.seq)
        return [said[len(asked) - 1]]

    node = opened()
    node._tracker = Tracker(Habits(cuts=False), label)
    told = run(node, [together(disc(600, 300, 90))] * 60)
    assert [regions.regions[0].label for regions in told] == ["hand"] * 60
    assert told[-1].regions[0].label_score == pytest.approx(np.mean(said[: len(asked)], axis=0)[1])
    # Three looks at first, then one every half a second.
    assert asked[:3] == [0, 1, 2]
    assert len(asked) in (6, 7)


def test_no_more_than_four_regions_a_frame_are_shown_to_the_classifier() -> None:
    counts: list[int] = []

    def label(frame: Frame, regions: list[FoundRegion]) -> list[tuple[float, float, float]]:
        counts.append(len(regions))
        return [(0.0, 1.0, 0.0)] * len(regions)

    node = opened()
    node._tracker = Tracker(Habits(cuts=False), label)
    things = together(*(disc(80 + 120 * number, 300, 40) for number in range(10)))
    told = run(node, [things] * 12)
    assert max(counts) == 4
    assert all(region.label == "hand" for region in told[-1].regions)
    assert FRAME == (1280, 720)


def test_frame_without_anything_known_of_time_still_goes_on() -> None:
    node = opened()
    from rtskin.frame import Scores

    told = [node.process(Scores(frame(None, n), together(disc(600 + 5 * n, 300, 90)))) for n in range(10)]
    assert events(told) == [("found", 1)]
    assert told[-1].regions[0].age == pytest.approx(9 / 30)
