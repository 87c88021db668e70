from __future__ import annotations

import threading

import pytest

from rtskin.capture.pump import Pump


def test_all_items_come_in_order_and_then_none():
    pump = Pump("test", (n for n in range(100)), keep=2, drop=False)
    assert [pump.take() for _ in range(101)] == [*range(100), None]
    assert pump.take() is None
    assert pump.join(5)
    assert pump.dropped == 0


def test_dropping_keeps_the_newest():
    done = threading.Event()

    def items():
        yield from range(10)
        done.set()

    pump = Pump("test", items(), keep=3, drop=True)
    assert done.wait(5)
    assert [pump.take() for _ in range(4)] == [7, 8, 9, None]
    assert pump.dropped == 7


def test_what_the_generator_raises_comes_after_its_items():
    def items():
        yield 1
        raise ValueError("broken")

    pump = Pump("test", items(), keep=2, drop=False)
    assert pump.take() == 1
    with pytest.raises(ValueError, match="broken"):
        pump.take()
    assert pump.take() is None


def test_stop_wakes_the_reader_and_closes_the_generator():
    closed, release = threading.Event(), threading.Event()

    def items():
        try:
            yield 1
            release.wait(10)
            yield 2
        finally:
            closed.set()

    pump = Pump("test", items(), keep=1, drop=False)
    assert pump.take() == 1
    waiting: list[object] = []
    reader = threading.Thread(target=lambda: waiting.append(pump.take()))
    reader.start()
    pump.stop()
    reader.join(5)
    assert waiting == [None]
    assert not pump.join(0.01)
    release.set()
    assert pump.join(5)
    assert closed.is_set()


def test_stop_ends_a_thread_that_waits_for_room():
    pump = Pump("test", (n for n in range(100)), keep=1, drop=False)
    assert pump.take() == 0
    pump.stop()
    assert pump.join(5)
