"""Faces and hands that cross: what they look like tells them apart where their ways do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rtskin.frame import Frame, Regions
from rtskin.roi.components import find_regions
from rtskin.roi.found import FoundRegion
from rtskin.roi.tracks.kinds import Once
from rtskin.roi.tracks.tracker import Habits, Tracker
from tests.roi.masks import FRAME, at, ellipse, empty, frame, together

Said = list[tuple[float, float, float]]
FACE, HAND = (0.96, 0.02, 0.02), (0.02, 0.96, 0.02)


class BySize:
    """What is higher than wide is a face."""

    def __init__(self) -> None:
        self.shown: list[int] = []

    def __call__(self, frame: Frame, regions: Sequence[FoundRegion]) -> Said:
        self.shown.append(len(regions))
        return [FACE if region.box[3] > region.box[2] else HAND for region in regions]


class Blind(BySize):
    """It sees nothing in some frames."""

    def __init__(self, frames: range) -> None:
        super().__init__()
        self._frames = frames

    def __call__(self, frame: Frame, regions: Sequence[FoundRegion]) -> Said:
        said = super().__call__(frame, regions)
        return [(0.4, 0.4, 0.2)] * len(said) if frame.seq in self._frames else said


class Comparing(BySize):
    compares = True


def face(x: float) -> np.ndarray:
    return ellipse(x, 360, 75, 95)


def hand(x: float) -> np.ndarray:
    return ellipse(x, 360, 95, 75)


def follow(masks: Sequence[np.ndarray], labeller: BySize | None) -> list[Regions]:
    tracker = Tracker(Habits(cuts=False), labeller)
    return [tracker(frame(number / 30, number), find_regions(mask, FRAME)) for number, mask in enumerate(masks)]


def swapped(labeller: BySize | None) -> tuple[int, int, int, int]:
    """Ids of (face, hand) before and after they changed places while nothing was to be seen."""
    masks = [together(face(400), hand(610))] * 12 + [empty()] * 6 + [together(hand(400), face(610))] * 3
    told = follow(masks, labeller)
    before, after = told[10], told[-1]
    return at(before, 400, 360), at(before, 610, 360), at(after, 610, 360), at(after, 400, 360)


def test_a_face_does_not_get_a_hands_id_where_they_changed_places() -> None:
    face_before, hand_before, face_after, hand_after = swapped(BySize())
    assert (face_after, hand_after) == (face_before, hand_before)
    face_before, hand_before, face_after, hand_after = swapped(None)
    assert (face_after, hand_after) == (hand_before, face_before), "by place alone they are taken for each other"


@pytest.mark.parametrize("age", [0.4, 5.0])
def test_ids_that_changed_places_are_given_back_within_a_second(age: float) -> None:
    """Nothing was known when they crossed; the looks since then say what became of whom."""
    begun = round(age * 30)
    masks = [together(face(400), hand(610))] * begun + [empty()] * 6 + [together(hand(400), face(610))] * 60
    told = follow(masks, Blind(range(begun, begun + 12)))
    face_id, hand_id = at(told[begun - 1], 400, 360), at(told[begun - 1], 610, 360)
    crossed = told[begun + 8]
    assert (at(crossed, 610, 360), at(crossed, 400, 360)) == (hand_id, face_id), "taken for each other at first"
    for regions in told[begun + 12 + 30 :]:
        by_id = {region.id: region for region in regions.regions}
        assert sorted(by_id) == sorted((face_id, hand_id))
        assert at(regions, 610, 360) == face_id
        assert (by_id[face_id].label, by_id[hand_id].label) == ("face", "hand")
        assert min(by_id[face_id].label_score, by_id[hand_id].label_score) > 0.7
    assert [event.kind for regions in told for event in regions.events] == ["found", "found"]
    last = {region.id: region for region in told[-1].regions}[face_id]
    assert last.box == pytest.approx((535, 265, 150, 190), abs=4), "its box stands where the face is, without a flight"
    assert last.age == pytest.approx((len(masks) - 1) / 30)


def test_one_that_turned_alone_keeps_its_id_and_turns() -> None:
    told = follow([face(400)] * 90 + [hand(400)] * 60, BySize())
    assert {region.id for regions in told for region in regions.regions} == {1}
    assert told[89].regions[0].label == "face"
    assert told[-1].regions[0].label == "hand"


def test_a_face_that_was_lost_does_not_come_back_as_a_hand() -> None:
    told = follow([face(400)] * 20 + [empty()] * 6 + [hand(440)] * 8, BySize())
    face_id = told[10].regions[0].id
    (seen,) = [region for region in told[-1].regions if region.state == "tracked"]
    assert (seen.id, seen.label) != (face_id, "face")
    assert seen.label == "hand"
    alone = follow([face(400)] * 20 + [empty()] * 6 + [hand(440)] * 8, None)
    assert alone[-1].regions[0].id == face_id, "by place alone it does"


def test_of_a_face_and_a_hand_in_one_region_it_is_the_one_that_it_looks_like() -> None:
    """A hand comes before a face and covers it; the mask loses the hand, and what is left is the face, in the same place."""
    large = ellipse(500, 360, 125, 110)
    coming = [together(face(500), ellipse(1000 - 25 * n, 360, 125, 110)) for n in range(21)]
    masks = [*coming, *[large] * 4, *[face(500)] * 12]
    told = follow(masks, BySize())
    face_id, hand_id = at(told[0], 500, 360), at(told[0], 1000, 360)
    assert face_id != hand_id
    for regions in told[len(coming) + 4 + 2 :]:
        assert [region.id for region in regions.regions if region.state == "tracked"] == [face_id]


def test_only_what_may_be_either_is_looked_at_for_it() -> None:
    labeller = BySize()
    tracker = Tracker(Habits(cuts=False), labeller)
    for number in range(12):
        tracker(frame(number / 30, number), find_regions(together(face(200), hand(1000)), FRAME))
    assert labeller.shown == [2, 2, 2], "three looks at new things, and none while they are far apart"


@pytest.mark.parametrize(("labeller", "shown"), [(BySize(), [2, 2, 2, 1]), (Comparing(), [2, 2, 2, 3, 3, 3])])
def test_what_compares_regions_is_shown_all_of_them(labeller: BySize, shown: list[int]) -> None:
    """A third one comes later, when it is not time to look at the others again."""
    tracker = Tracker(Habits(cuts=False), labeller)
    for number in range(8):
        things = [face(200), hand(1000), *([hand(600)] if number >= 5 else [])]
        tracker(frame(number / 30, number), find_regions(together(*things), FRAME))
    assert labeller.shown[: len(shown)] == shown


def test_known_things_are_looked_at_again_one_a_frame() -> None:
    labeller = BySize()
    tracker = Tracker(Habits(cuts=False), labeller)
    for number in range(60):
        tracker(frame(number / 30, number), find_regions(together(face(200), hand(600), hand(1000)), FRAME))
    assert labeller.shown[:3] == [3, 3, 3]
    assert set(labeller.shown[3:]) == {1}
    assert len(labeller.shown) == pytest.approx(3 + 3 * 3, abs=1), "each after half a second"


def test_a_region_is_looked_at_once_a_frame_however_often_it_is_asked_for() -> None:
    labeller = BySize()
    first, second = find_regions(together(face(200), hand(1000)), FRAME)
    look = Once(lambda regions: labeller(frame(0), regions))
    answers = look([first]), look([first, second]), look([second, first])
    assert labeller.shown == [1, 1]
    assert answers[1] == [answers[0][0], answers[2][0]] == answers[2][::-1]


def test_what_is_where_it_was_expected_is_not_looked_at() -> None:
    """A hand beside a face could be either, but nobody moved."""
    labeller = BySize()
    tracker = Tracker(Habits(cuts=False), labeller)
    for number in range(12):
        tracker(frame(number / 30, number), find_regions(together(face(400), hand(600)), FRAME))
    assert labeller.shown == [2, 2, 2]
