from __future__ import annotations

import threading

from rtskin.frame import Frame
from rtskin.graph.edges import Edge, Signal
from tests.graph.nodes import INFO, PICTURE


def frame(seq: int) -> Frame:
    return Frame(seq, PICTURE, INFO)


def test_packets_come_in_order_then_the_end_for_everybody() -> None:
    edge = Edge("a->b", 4)
    for seq in range(3):
        assert edge.put(frame(seq))
    edge.end()
    assert edge.depth == 3
    assert [edge.get().seq for _ in range(3)] == [0, 1, 2]
    assert [edge.get(), edge.get()] == [Signal.END, Signal.END]


def test_get_gives_up_after_its_timeout_and_at_once_for_zero() -> None:
    edge = Edge("a->b", 1)
    assert edge.get(0.001) is Signal.EMPTY
    assert edge.get(0) is Signal.EMPTY


def test_a_full_edge_holds_its_producer_until_there_is_room() -> None:
    edge = Edge("a->b", 1)
    edge.put(frame(0))
    done = threading.Event()
    thread = threading.Thread(target=lambda: (edge.put(frame(1)), done.set()), daemon=True)
    thread.start()
    assert not done.wait(0.05)
    assert edge.get().seq == 0
    assert done.wait(5)
    assert edge.get().seq == 1


def test_close_wakes_a_producer_that_waits_and_a_consumer_that_waits() -> None:
    full, empty = Edge("full", 1), Edge("empty", 1)
    full.put(frame(0))
    answers: dict[str, object] = {}
    threads = [
        threading.Thread(target=lambda: answers.update(put=full.put(frame(1))), daemon=True),
        threading.Thread(target=lambda: answers.update(get=empty.get()), daemon=True),
    ]
    for thread in threads:
        thread.start()
    full.close()
    empty.close()
    for thread in threads:
        thread.join(5)
    assert answers == {"put": False, "get": Signal.CLOSED}
    assert full.get() is Signal.CLOSED
    assert full.dropped == {"stopped": 1}


def test_a_dropping_edge_lets_the_oldest_go_counts_it_and_keeps_the_last() -> None:
    edge = Edge("a->b", 2, drops=True)
    for seq in range(5):
        assert edge.put(frame(seq))
    edge.end()
    assert [edge.get().seq, edge.get().seq] == [3, 4]
    assert edge.get() is Signal.END
    assert edge.dropped == {"consumer busy": 3}


def test_a_dropping_edge_under_two_threads_loses_nothing_uncounted() -> None:
    edge = Edge("a->b", 2, drops=True)
    taken: list[int] = []

    def consume() -> None:
        while not isinstance(packet := edge.get(), Signal):
            taken.append(packet.seq)

    thread = threading.Thread(target=consume, daemon=True)
    thread.start()
    for seq in range(5000):
        edge.put(frame(seq))
    edge.end()
    thread.join(10)
    assert not thread.is_alive()
    assert taken == sorted(taken)
    assert taken[-1] == 4999
    assert len(taken) + edge.dropped["consumer busy"] == 5000
