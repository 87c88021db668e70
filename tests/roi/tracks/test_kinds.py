"""Faces and hands that cross: what they look like tells them apart where their ways do not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from rtskin.frame import Frame
from rtskin.roi.components import find_regions
from rtskin.roi.found import FoundRegion
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


class Comparing(BySize):
    compares = True


def face(x: float) -> np.ndarray:
    return ellipse(x, 360, 75, 95)


def hand(x: float) -> np.ndarray:
    return ellipse(x, 360, 95, 75)


def swapped(labeller: BySize | None) -> tuple[int, int, int, int]:
    """Ids of (face, hand) before and after they changed places while nothing was to be seen."""
    masks = [together(face(400), hand(610))] * 12 + [empty()] * 6 + [together(hand(400), face(610))] * 3
    tracker = Tracker(Habits(cuts=False), labeller)
    told = [tracker(frame(number / 30, number), find_regions(mask, FRAME)) for number, mask in enumerate(masks)]
    before, after = told[10], told[-1]
    return at(before, 400, 360), at(before, 610, 360), at(after, 610, 360), at(after, 400, 360)


def test_a_face_does_not_get_a_hands_id_where_they_changed_places() -> None:
    face_before, hand_before, face_after, hand_after = swapped(BySize())
    assert (face_after, hand_after) == (face_before, hand_before)
    face_before, hand_before, face_after, hand_after = swapped(None)
    assert (face_after, hand_after) == (hand_before, face_before), "by place alone they are taken for each other"


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


def test_what_is_where_it_was_expected_is_not_looked_at() -> None:
    """A hand beside a face could be either, but nobody moved."""
    labeller = BySize()
    tracker = Tracker(Habits(cuts=False), labeller)
    for number in range(12):
        tracker(frame(number / 30, number), find_regions(together(face(400), hand(600)), FRAME))
    assert labeller.shown == [2, 2, 2]
