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


def test_more_hands_than_landmarkers_share_them(slots: Slots, fake: type[FakeLandmarker]) -> None:
    everybody = {1, 2, 3, 4}
    opened = [slots.of(track_id, everybody) for track_id in (1, 2, 3)]
    assert len(fake.opened) == 3
    assert slots.of(4, everybody) is opened[0]  # that of the one that was not looked at for the longest
    assert slots.of(1, everybody) is opened[1]
    assert len(fake.opened) == 3
