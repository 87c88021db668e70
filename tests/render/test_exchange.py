"""What is exchanged while it is used is closed once, when nobody uses it any more."""

from __future__ import annotations

from rtskin.render.exchange import Exchange


class Thing:
    def __init__(self) -> None:
        self.closed = 0

    def close(self) -> None:
        self.closed += 1


def test_it_is_closed_when_the_last_one_is_done() -> None:
    first, second, third = Thing(), Thing(), Thing()
    held = Exchange(first)
    with held.using() as used:
        with held.using() as again:
            assert used is again is first
            held.put(second)
            assert held.newest is second
        assert first.closed == 0
        with held.using() as newer:
            assert newer is second
    assert (first.closed, second.closed) == (1, 0)
    held.put(third)
    assert (first.closed, second.closed, third.closed) == (1, 1, 0)


def test_after_the_end_nothing_stays_open() -> None:
    first, late = Thing(), Thing()
    held = Exchange(first)
    with held.using():
        held.close()
        held.close()
        assert first.closed == 0
    held.put(late)
    held.close()
    assert (first.closed, late.closed) == (1, 1)
