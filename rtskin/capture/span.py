"""The part of a source that was asked for."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction

from rtskin.errors import InputError

#: Where a span begins or ends, as people write it: seconds (12.5), a clock (1:02:03.5), or a frame's number (300f).
Point = float | str

_FRAME = re.compile(r"(\d+)[fF]")
_CLOCK = re.compile(r"(?:(\d+):)?(\d+):(\d+(?:\.\d+)?)")

#: 0.1 s means a tenth, not the binary number next to it.
_FINEST = 1_000_000_000


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds from the first frame, start ≤ t < end, and frame numbers, first ≤ n < last; None: no bound on that side.

    InputError where it can hold nothing.
    """

    start: float | None = None
    end: float | None = None
    first: int | None = None
    last: int | None = None

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} is in seconds, 0 or more, not {value:g}")
        for name, number in (("first", self.first), ("last", self.last)):
            if number is not None and number < 0:
                raise InputError(f"{name} is the number of a frame, 0 or more, not {number}")
        if self.end is not None and self.end <= (self.start or 0):
            raise InputError(f"end ({self.end:g} s) must lie behind start ({self.start or 0:g} s)")
        if self.last is not None and self.last <= (self.first or 0):
            raise InputError(
                f"end (frame {self.last}, not given itself) must lie behind start (frame {self.first or 0})"
            )

    @classmethod
    def between(
        cls, start: Point | None = None, end: Point | None = None, first: int | None = None, last: int | None = None
    ) -> Span:
        """Of points as people write them, or of frame numbers.

        >>> Span.between("1:30", "4500f")
        Span(start=90.0, end=None, first=None, last=4500)
        """
        begin, begin_frame = parse_point("start", start)
        finish, finish_frame = parse_point("end", end)
        for pair in ((begin_frame, first), (finish_frame, last)):
            if None not in pair:
                raise InputError(f"{pair[0]}f and {pair[1]} name the same end of a span; give one of them")
        return cls(
            begin,
            finish,
            first if begin_frame is None else begin_frame,
            last if finish_frame is None else finish_frame,
        )

    @property
    def whole(self) -> bool:
        return not self.start and self.end is None and not self.first and self.last is None

    @property
    def numbered(self) -> bool:
        """Whether frame numbers bound it."""
        return bool(self.first) or self.last is not None

    def low(self, base: Fraction) -> int | None:
        """Ticks of ``base`` seconds from the first frame to ``start``, rounded up: what is less lies before it."""
        return _ticks(self.start, base)

    def high(self, base: Fraction) -> int | None:
        """The same for ``end``: from there on it is behind it."""
        return _ticks(self.end, base)

    def is_before(self, seconds: float, number: int = 0) -> bool:
        """Whether the frame of this time and number lies before it."""
        return (self.start is not None and seconds < self.start) or (self.first is not None and number < self.first)

    def is_after(self, seconds: float, number: int = 0) -> bool:
        """Whether the frame of this time and number lies behind it."""
        return (self.end is not None and seconds >= self.end) or (self.last is not None and number >= self.last)

    def seconds_of(self, length: float) -> float:
        """How much of a source of ``length`` seconds is left by ``start`` and ``end``."""
        end = length if self.end is None else min(self.end, length)
        return max(0.0, end - (self.start or 0.0))

    def __str__(self) -> str:
        begin = f"frame {self.first}" if self.first and not self.start else f"{self.start or 0:g} s"
        if self.last is not None:
            return f"{begin} and frame {self.last}"
        return f"{begin} and {'its end' if self.end is None else f'{self.end:g} s'}"


def parse_point(name: str, point: Point | None) -> tuple[float | None, int | None]:
    """(seconds, frame number), one of them None; InputError, with ``name`` of the point, for what is neither."""
    if not isinstance(point, str):
        return point, None
    text = point.strip()
    if found := _FRAME.fullmatch(text):
        return None, int(found[1])
    if found := _CLOCK.fullmatch(text):
        return int(found[1] or 0) * 3600 + int(found[2]) * 60 + float(found[3]), None
    try:
        return float(text), None
    except ValueError:
        raise InputError(
            f"{name} is {point!r}; write seconds (12.5), a clock (1:02:03.5) or the number of a frame (300f)"
        ) from None


def _ticks(seconds: float | None, base: Fraction) -> int | None:
    return None if seconds is None else math.ceil(Fraction(seconds).limit_denominator(_FINEST) / base)
