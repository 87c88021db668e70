from __future__ import annotations

from collections.abc import Iterator

import pytest

from rtskin.roi.hands.landmarker import Bundle, Confidences
from rtskin.roi.hands.slots import Slots
from tests.roi.hands.conftest import FakeLandmarker


@pytest.fixture
def slots(fake: type[FakeLandmarker]) -> Iterator[Slots]:
    made = Slots(Bundle(b"", gestures=False), Confidences(), most=3)
    made.warm(2)
    yield made
    made.close()


def test_a_hand_keeps_its_own(slots: Slots, fake: type[FakeLandmarker]) -> None:
    first, second = slots.of(1, {1, 2}), slots.of(2, {1, 2})
    assert first is not second
    assert slots.of(1, {1, 2}) is first
    assert slots.of(2, {2}) is second
    assert slots.of(1, {1, 2}) is first  # it was away
    assert len(fake.opened) == 2


def test_a_new_hand_takes_that_of_one_that_is_away(slots: Slots, fake: type[FakeLandmarker]) -> None:
    first, second = slots.of(1, {1, 2}), slots.of(2, {1, 2})
    before = first.forgotten
    assert slots.of(3, {2, 3}) is first
    assert first.forgotten == before + 1
    assert slots.of(2, {2, 3}) is second
    assert len(fake.opened) == 2


def test_more_hands_than_landmarkers_wait_until_one_leaves(slots: Slots, fake: type[FakeLandmarker]) -> None:
    assert slots.admit([1, 2, 3, 4]) == [1, 2, 3]
    opened = [slots.of(track_id, {1, 2, 3, 4}) for track_id in (1, 2, 3)]
    assert len(fake.opened) == 3
    assert slots.admit([4, 3, 2, 1]) == [3, 2, 1]
    assert slots.admit([5, 4, 3, 2]) == [3, 2, 5]
    assert slots.of(5, {5, 4, 3, 2}) is opened[0]
    assert len(fake.opened) == 3
