from __future__ import annotations

import math
from fractions import Fraction

import pytest

from rtskin.capture.span import Span
from rtskin.errors import InputError


@pytest.mark.parametrize(
    ("start", "end", "span"),
    [
        (None, None, Span()),
        (1.5, 2.0, Span(1.5, 2.0)),
        ("1.5", "2", Span(1.5, 2.0)),
        ("1:30", "1:00:00.5", Span(90.0, 3600.5)),
        ("120f", "300F", Span(first=120, last=300)),
        (2.0, "90f", Span(2.0, last=90)),
    ],
)
def test_points_as_people_write_them(start: float | str | None, end: float | str | None, span: Span) -> None:
    assert Span.between(start, end) == span


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("soon", None, "start is 'soon'; write seconds"),
        (None, "f", "end is 'f'; write seconds"),
        ("-1", None, "0 or more, not -1"),
        ("-3f", None, "start is '-3f'"),
        ("nan", None, "0 or more"),
        (math.inf, None, "0 or more"),
        ("10f", "10f", r"end \(frame 10, not given itself\) must lie behind start \(frame 10\)"),
        (None, "0f", "must lie behind start"),
        ("0:10", 10, r"end \(10 s\) must lie behind start \(10 s\)"),
    ],
)
def test_what_names_no_span(start: float | str | None, end: float | str | None, message: str) -> None:
    with pytest.raises(InputError, match=message):
        Span.between(start, end)


def test_a_number_is_given_once() -> None:
    assert Span.between(first=3, last=9) == Span(first=3, last=9)
    with pytest.raises(InputError, match="3f and 4 name the same end"):
        Span.between("3f", first=4)


@pytest.mark.parametrize(
    ("seconds", "base", "ticks"), [(0.1, (1, 30), 3), (0.11, (1, 30), 4), (0.3, (1, 1000), 300), (0.0, (1, 25), 0)]
)
def test_seconds_in_ticks_are_rounded_up_to_the_next_frame(seconds: float, base: tuple[int, int], ticks: int) -> None:
    assert Span(seconds).low(Fraction(*base)) == ticks


def test_words() -> None:
    assert str(Span(first=3, last=9)) == "frame 3 and frame 9"
    assert str(Span(first=3)) == "frame 3 and its end"
    assert str(Span(1.0)) == "1 s and its end"
    assert str(Span(last=9)) == "0 s and frame 9"
    assert str(Span(0.5, 2.0)) == "0.5 s and 2 s"
