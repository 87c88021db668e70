from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import pytest

from rtskin.errors import InputError
from rtskin.node import Context, Node
from rtskin.roi.beside import OpenedBeside


class Slow(Node):
    """Opens when it is let."""

    def __init__(self, fails: bool = False) -> None:
        super().__init__()
        self.let, self.fails, self.closed = threading.Event(), fails, 0
        self.at_close: Callable[[], object] = lambda: None

    def open(self, context: Context) -> None:
        self.let.wait(20)
        if self.fails:
            raise InputError("there is no hand_landmarker.task")

    def close(self) -> None:
        self.closed += 1
        self.at_close()


def beside(*chains: list[Slow]) -> OpenedBeside:
    left = list(chains)
    return OpenedBeside(lambda: left.pop(0), lambda node: node.open(Context()))


def until(holds: Callable[[], object]) -> None:
    deadline = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < deadline, "it never came"
        time.sleep(0.005)


def test_nobody_waits_and_who_takes_it_has_it() -> None:
    node, second = Slow(), Slow()
    chains: list[list[Node]] = [[node], [second]]
    opening = OpenedBeside(lambda: chains.pop(0), lambda node: node.open(Context()))
    opening.begin()
    until(lambda: len(chains) == 1)
    for _ in range(5):
        opening.begin()
    assert opening.take() is None
    time.sleep(0.05)  # a second thread would have begun by now
    assert chains == [[second]], "one at a time"
    node.let.set()
    taken: list[Node] = []
    until(lambda: taken.extend(opening.take() or []) or taken)
    assert taken == [node]
    opening.close()
    assert node.closed == 0


def test_what_cannot_be_opened_is_said_once_and_tried_again_when_asked(caplog: pytest.LogCaptureFixture) -> None:
    first, bad, good = Slow(), Slow(fails=True), Slow()
    for node in (first, bad, good):
        node.let.set()
    opening = beside([first, bad], [good])
    with caplog.at_level(logging.WARNING, "rtskin.roi"):
        opening.begin()
        until(lambda: bad.closed)
        until(lambda: caplog.records)
    for _ in range(3):
        opening.begin()
    assert [record.getMessage() for record in caplog.records] == [
        "the view goes on without regions: there is no hand_landmarker.task"
    ]
    assert (first.closed, bad.closed, opening.take()) == (1, 1, None)
    taken: list[Node] = []

    def again() -> object:
        opening.forget()
        opening.begin()
        taken.extend(opening.take() or [])
        return taken

    until(again)
    assert taken == [good]
    opening.close()


def test_why_is_said_before_anything_is_closed_and_all_of_it_is(caplog: pytest.LogCaptureFixture) -> None:
    first, stuck, bad = Slow(), Slow(), Slow(fails=True)
    said: list[int] = []

    def cannot() -> None:
        said.append(len(caplog.records))
        raise OSError("its file is gone")

    stuck.at_close = cannot
    for node in (first, stuck, bad):
        node.let.set()
    opening = beside([stuck, first, bad])
    with caplog.at_level(logging.WARNING, "rtskin.roi"):
        opening.begin()
        until(lambda: bad.closed)
    assert said == [1], "before it was closed, one thing had been said"
    assert [record.getMessage() for record in caplog.records] == [
        "the view goes on without regions: there is no hand_landmarker.task",
        "what found regions was not closed: OSError: its file is gone",
    ]
    assert (stuck.closed, first.closed, bad.closed) == (1, 1, 1)


def test_what_nobody_took_is_closed_and_what_loads_still_when_it_is_there() -> None:
    ready, late = Slow(), Slow()
    ready.let.set()
    opening = beside([ready])
    opening.begin()
    until(lambda: opening._opened)
    opening.close()
    assert ready.closed == 1
    opening = beside([late])
    opening.begin()
    threading.Timer(0.1, late.let.set).start()
    opening.close()
    until(lambda: late.closed == 1)
    opening.begin()
    assert opening.take() is None
