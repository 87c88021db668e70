from __future__ import annotations

from itertools import pairwise

from rtskin.roi.hands.memory import KEPT, PATIENCE, Memory


def test_new_ones_first_then_who_has_waited_longest() -> None:
    memory, looks = Memory(), []
    for ids in ([1, 2, 3], [1, 2, 3], [1, 2, 3], [1, 2, 3, 4]):
        memory.begin(ids)
        chosen = memory.turn(ids, 2)
        looks.append(chosen)
        for track_id in chosen:
            memory.seen(track_id, "left", 1)
    assert looks == [[1, 2], [3, 1], [2, 1], [4, 3]]


def test_where_there_is_no_hand_it_looks_less_and_less_often() -> None:
    memory, looks = Memory(), []
    for frame in range(40):
        memory.begin([1])
        if memory.turn([1], 2):
            looks.append(frame)
            memory.missed(1)
    gaps = [after - before for before, after in pairwise(looks)]
    assert gaps[:4] == [1, 2, 4, 8]
    assert max(gaps) == PATIENCE


def test_a_hand_that_was_found_is_looked_at_in_every_frame_again() -> None:
    memory = Memory()
    looks = 0
    for frame in range(30):
        memory.begin([1])
        for track_id in memory.turn([1], 2):
            if frame < 5:
                memory.missed(track_id)
            else:
                looks += 1
                memory.seen(track_id, "left", 1)
    assert looks == 30 - 7  # after the looks at 0, 1 and 3, that at 7 is the first to find it


def test_the_side_is_what_most_looks_said_by_their_scores() -> None:
    memory = Memory()
    assert memory.side(1) is None
    memory.begin([1])
    memory.seen(1, "left", 0.9)
    memory.seen(1, "right", 0.5)
    assert memory.side(1) == "left"
    memory.seen(1, "right", 0.6)
    assert memory.side(1) == "right"


def test_who_left_is_known_again_for_a_while_but_not_for_ever() -> None:
    memory = Memory()
    memory.begin([1])
    memory.seen(1, "left", 1)
    for other in range(2, KEPT + 1):
        memory.begin([other])
    assert memory.side(1) == "left"
    memory.begin([KEPT + 1])
    assert memory.side(1) is None
    memory.begin(range(1000, 1000 + 3 * KEPT))  # all of a frame's are kept, however many
    assert memory.turn(range(1000, 1000 + 3 * KEPT), 1000) == list(range(1000, 1000 + 3 * KEPT))
