"""Scores to come."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rtskin.errors import GraphStateError
from rtskin.preprocess.answer import Answer


def test_it_is_waited_for() -> None:
    answer, got = Answer(), list[str]()
    waiters = [threading.Thread(target=lambda: got.append(answer.wait(threading.Event())[1])) for _ in range(2)]
    for waiter in waiters:
        waiter.start()
    assert (got, answer.seconds) == ([], None)
    answer.give(np.ones((2, 2), np.uint8), "a", 0.08)
    for waiter in waiters:
        waiter.join(10)
    assert got == ["a", "a"]
    assert answer.seconds == 0.08


def test_until_the_graph_stops() -> None:
    stopping = threading.Event()
    stopping.set()
    with pytest.raises(GraphStateError, match="stopped while a frame waited"):
        Answer().wait(stopping)
