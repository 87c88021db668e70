"""bench.switches: what is a switch, what was found, and what the labels were, on made messages."""

from __future__ import annotations

from typing import Any

from bench.labels import Known
from bench.switches import Counted, Thing, assigned, count
from rtskin.frame import Box

FACE, LEFT, RIGHT = (100.0, 20.0, 60.0, 80.0), (40.0, 200.0, 40.0, 40.0), (220.0, 200.0, 40.0, 40.0)


def rows(frames: range) -> list[Known]:
    return [
        Known(frame, box, label)
        for frame in frames
        for box, label in ((FACE, "face"), (LEFT, "hand"), (RIGHT, "hand"), ((10.0, 10.0, 20.0, 20.0), "other"))
    ]


def message(frame: int, *rois: tuple[int, Box, str, str]) -> dict[str, Any]:
    keys = ("id", "box", "label", "state")
    return {"seq": frame, "rois": [dict(zip(keys, roi, strict=True)) for roi in rois]}


def usual(frame: int) -> dict[str, Any]:
    face, left, right = ((1, FACE, "face"), (2, LEFT, "hand"), (3, RIGHT, "hand"))
    return message(frame, (*face, "tracked"), (*left, "tracked"), (*right, "tracked"))


def test_ids_that_stay_are_no_switches() -> None:
    assert count(rows(range(3)), [usual(frame) for frame in range(3)]) == Counted(boxes=9, found=9, right=9, others=3)


def test_hands_that_change_ids_are_two_and_each_change_counts() -> None:
    swapped = message(1, (1, FACE, "face", "tracked"), (3, LEFT, "hand", "tracked"), (2, RIGHT, "hand", "tracked"))
    assert count(rows(range(2)), [usual(0), swapped]).switches == 2
    assert count(rows(range(3)), [usual(0), swapped, usual(2)]).switches == 4


def test_one_that_was_lost_and_is_new_is_a_switch() -> None:
    gone = message(1, (1, FACE, "face", "tracked"), (2, LEFT, "hand", "tracked"))
    new = message(2, (1, FACE, "face", "tracked"), (2, LEFT, "hand", "tracked"), (4, RIGHT, "hand", "tracked"))
    assert count(rows(range(3)), [usual(0), gone, new]) == Counted(boxes=9, found=8, switches=1, right=8, others=3)


def test_what_is_held_is_not_found_and_its_id_is_none() -> None:
    held = message(1, (1, FACE, "face", "tracked"), (9, LEFT, "hand", "held"), (3, RIGHT, "hand", "tracked"))
    assert count(rows(range(3)), [usual(0), held, usual(2)]) == Counted(boxes=9, found=8, held=1, right=8, others=3)


def test_labels_count_and_so_does_what_is_neither() -> None:
    other = (10.0, 10.0, 20.0, 20.0)
    said = message(0, (1, FACE, "hand", "tracked"), (2, LEFT, "hand", "tracked"), (5, other, "other", "tracked"))
    assert count(rows(range(1)), [said]) == Counted(boxes=3, found=2, right=1, others=1, told=1)
    assert count(rows(range(1)), []) == Counted(boxes=3, others=1)


def test_a_box_is_of_the_nearest_thing_of_its_kind() -> None:
    things = [Thing("hand", LEFT, 2), Thing("hand", RIGHT, 3), Thing("face", FACE, 1)]
    moved = [Known(1, (200.0, 210.0, 40.0, 40.0), "hand"), Known(1, (90.0, 180.0, 40.0, 40.0), "hand")]
    assert [thing.id for _, thing in assigned(moved, things)] == [3, 2]
    assert [thing.id for _, thing in assigned([Known(1, LEFT, "face")], things)] == [1]
    assert len(things) == 3
    assigned([Known(2, LEFT, "hand"), Known(2, RIGHT, "hand"), Known(2, FACE, "hand")], things)
    assert len(things) == 4
