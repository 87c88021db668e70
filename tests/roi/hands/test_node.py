"""The node "hands", with a landmarker that sees what the test says."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rtskin.capture.node import SourceNode
from rtskin.errors import InputError
from rtskin.frame import BgrPicture, Frame, Region, RegionEvent, Regions, SourceInfo
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.roi.hands.node import FindHands
from tests.roi.hands.conftest import FakeLandmarker

Make = Callable[..., FindHands]


@pytest.fixture
def make(bundle: Path, fake: type[FakeLandmarker]) -> Iterator[Make]:
    made: list[FindHands] = []

    def build(**options: Any) -> FindHands:
        node = FindHands(asset=bundle, **options)
        made.append(node)
        node.open(Context())
        return node

    yield build
    for node in made:
        node.close()


def hand(number: int, x: float = 40, **more: Any) -> Region:
    return Region(number, (x, 20, 20, 40), 800, 0.9, **{"label": "hand", **more})


def frame(*regions: Region, bright: bool = True, captured_ns: int = 0) -> Regions:
    picture = np.full((90, 160, 3), 255 if bright else 0, np.uint8)
    made = Frame(7, BgrPicture(picture), SourceInfo("made", 160, 90), captured_ns=captured_ns)
    return Regions(made, list(regions), (RegionEvent("found", 1),))


def test_it_is_the_kind_hands() -> None:
    assert NODES.get("hands") is FindHands


def test_landmarks_are_in_pixels_of_the_frame(make: Make) -> None:
    given = frame(hand(1, crop_box=(30, 20, 40, 40)))
    told = make().process(given)
    assert told.frame is given.frame
    assert told.events == given.events
    (one,) = told.regions
    assert one.landmarks == ((50.0, 40.0, -4.0),) * 21
    assert (one.side, one.gesture) == ("right", "Victory")
    assert given.regions[0].landmarks is None  # others may hold it


def test_without_a_padded_square_it_makes_one(make: Make) -> None:
    (one,) = make().process(frame(hand(1))).regions
    assert one.landmarks is not None
    assert one.landmarks[0] == (50.0, 40.0, -6.0)  # a tenth of 40 and a quarter of it on both sides


def test_others_are_left_as_they_are(make: Make, fake: type[FakeLandmarker]) -> None:
    given = frame(hand(1, label="face"), hand(2, label="other"), hand(3, state="held"))
    assert make().process(given).regions == given.regions
    assert not any(one.looks for one in fake.opened)
    assert make(labels=["face"]).process(given).regions[0].landmarks is not None


def test_where_there_is_no_hand_there_are_no_landmarks(make: Make) -> None:
    node = make()
    (one,) = node.process(frame(hand(1, side="left"), bright=False)).regions
    assert (one.landmarks, one.gesture, one.side) == (None, None, "left")
    assert node.counters() == {"looks": 1, "hands": 0, "late": 0}


def test_a_region_outside_the_frame(make: Make) -> None:
    assert make().process(frame(hand(1, x=400))).regions[0].landmarks is None


def test_the_neighbours_hand_is_not_its_own(make: Make, fake: type[FakeLandmarker], monkeypatch: Any) -> None:
    monkeypatch.setattr(fake, "at", (0.95, 0.5))  # in the crop, beside the box
    assert make().process(frame(hand(1))).regions[0].landmarks is None


def test_no_more_than_asked_and_they_take_turns(make: Make, fake: type[FakeLandmarker]) -> None:
    node = make(most=2)
    given = [hand(number, x=20 * number) for number in range(1, 6)]
    had = [{one.id for one in node.process(frame(*given)).regions if one.landmarks} for _ in range(6)]
    assert [len(ids) for ids in had] == [2] * 6
    assert all(first | second == {1, 2, 3, 4} for first, second in pairwise(had))
    assert len(fake.opened) == 4
    assert sum(one.forgotten for one in fake.opened) == 2  # once each of those that were opened ahead
    left = [hand(number, x=20 * number) for number in range(2, 6)]
    assert {one.id for _ in range(2) for one in node.process(frame(*left)).regions if one.landmarks} >= {5}


def test_the_side_stays_over_a_look_that_says_another(make: Make, fake: type[FakeLandmarker], monkeypatch: Any) -> None:
    node = make()
    for side in ("right", "right", "left"):
        monkeypatch.setattr(fake, "side", side)
        (one,) = node.process(frame(hand(1))).regions
        assert one.side == "right"
    (held,) = node.process(frame(hand(1, state="held"))).regions
    assert (held.side, held.landmarks) == ("right", None)
    assert node.process(frame(hand(2))).regions[0].side == "left"


def test_in_a_mirror_left_is_right(make: Make) -> None:
    assert make(mirrored=True).process(frame(hand(1))).regions[0].side == "left"


@pytest.mark.parametrize("live", [True, False])
def test_a_live_frame_that_is_late_passes_without_a_look(make: Make, live: bool) -> None:
    node = make(late=50)
    source = SourceNode(uri="pattern:64x48@10")
    source.live = live
    node.bind({"source": source, "hands": node})
    now = time.monotonic_ns()
    late = node.process(frame(hand(1), captured_ns=now - 60_000_000)).regions[0]
    assert (late.landmarks is None) == live
    assert node.process(frame(hand(1), captured_ns=now + 10**12)).regions[0].landmarks is not None
    assert node.counters()["late"] == int(live)


def test_no_regions(make: Make) -> None:
    assert make().process(frame()).regions == []


def test_two_hundred_regions(make: Make, fake: type[FakeLandmarker]) -> None:
    node = make()
    told = node.process(frame(*(hand(number, x=number % 140) for number in range(200))))
    assert len(told.regions) == 200
    assert sum(one.landmarks is not None for one in told.regions) == 2
    assert len(fake.opened) == 2


def test_it_closes_what_it_opened_when_opening_fails(
    bundle: Path, fake: type[FakeLandmarker], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(self: FakeLandmarker) -> None:
        raise RuntimeError("no")

    monkeypatch.setattr(fake, "forget", fail)
    node = FindHands(asset=bundle)
    with pytest.raises(RuntimeError):
        node.open(Context())
    node.close()  # the fixture sees to it that all are closed
    assert fake.opened


@pytest.mark.parametrize("options", [{"most": 0}, {"late": 0}, {"side": 8}, {"detection": 2}, {"labels": ["foot"]}])
def test_options_are_checked(options: dict[str, Any]) -> None:
    with pytest.raises(InputError, match=rf"FindHands\.{next(iter(options))}"):
        FindHands(**options)


def test_confidences_reach_the_landmarker(make: Make, fake: type[FakeLandmarker]) -> None:
    make(detection=0.1, presence=0.2, tracking=0.3)
    asked = fake.opened[0].confidences
    assert SimpleNamespace(**vars(asked)) == SimpleNamespace(detection=0.1, presence=0.2, tracking=0.3)
