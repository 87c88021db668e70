from __future__ import annotations

import threading

from rtskin.graph.admission import Admission
from rtskin.graph.edges import Edge, Signal
from rtskin.graph.gate import Gate
from tests.graph.test_edges import frame


def test_the_freshest_frame_enters_and_the_others_are_counted() -> None:
    gate = Gate("g", Admission({"a": []}))
    for seq in range(4):
        gate.put(frame(seq))
    assert gate.get().seq == 3
    assert gate.dropped == {"superseded": 3}


def test_the_next_frame_waits_until_the_group_has_finished() -> None:
    gate = Gate("g", Admission({"a": []}))
    gate.put(frame(0))
    assert gate.get(0).seq == 0
    gate.put(frame(1))
    assert gate.get(0.01) is Signal.EMPTY
    gate.finished("a", 0, 0.01, taken=1, given=0)
    assert gate.get(0).seq == 1


def test_a_finished_group_wakes_the_thread_that_waits_to_enter() -> None:
    gate = Gate("g", Admission({"a": []}))
    gate.put(frame(0))
    gate.get()
    gate.put(frame(1))
    answers: list[object] = []
    thread = threading.Thread(target=lambda: answers.append(gate.get()), daemon=True)
    thread.start()
    gate.finished("a", 0, 0.01, taken=1, given=0)
    thread.join(5)
    assert [answer.seq for answer in answers] == [1]


def test_the_last_frame_is_delivered_before_the_end() -> None:
    gate = Gate("g", Admission({"a": []}))
    gate.put(frame(0))
    gate.put(frame(1))
    gate.end()
    assert gate.get().seq == 1
    assert gate.get() is Signal.END


def test_all_entrances_get_the_same_frames_and_the_end() -> None:
    other = Edge("s->b", 4)
    gate = Gate("g", Admission({"a": [], "b": []}), [other])
    gate.put(frame(0))
    gate.put(frame(1))
    assert gate.get().seq == other.get().seq == 1
    gate.finished("a", 1, 0.01, taken=1, given=0)
    gate.put(frame(2))
    assert gate.get(0) is Signal.EMPTY  # b has not finished
    gate.finished("b", 1, 0.01, taken=1, given=0)
    gate.end()
    assert gate.get().seq == other.get().seq == 2
    assert gate.get() is other.get() is Signal.END


def test_close_wakes_and_counts_the_frame_that_waited() -> None:
    gate = Gate("g", Admission({"a": []}))
    gate.put(frame(0))
    gate.close()
    assert gate.get() is Signal.CLOSED
    assert not gate.put(frame(1))
    assert gate.dropped == {"stopped": 1}
