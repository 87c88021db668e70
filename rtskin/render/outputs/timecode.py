"""SMPTE timecode: the name of a frame, so many frames further on."""

from __future__ import annotations

import re
from fractions import Fraction

_FORM = re.compile(r"(\d{2}):(\d{2}):(\d{2})([:;.])(\d{2,3})")


def advanced(code: str, frames: int, rate: Fraction) -> str | None:
    """``code`` so many frames later, at that rate; None where it is no timecode.

    A ``;`` (or ``.``) before the frames says that numbers are dropped (29.97 and 59.94): two (four) at the beginning of
    every minute but each tenth: SMPTE ST 12-1.

    >>> advanced("00:00:59;29", 1, Fraction(30000, 1001))
    '00:01:00;02'
    """
    found = _FORM.fullmatch(code.strip())
    if found is None:
        return None
    base = max(1, round(rate))
    hours, minutes, seconds, part = (int(found[index]) for index in (1, 2, 3, 5))
    drop = base // 15 if found[4] != ":" and base % 30 == 0 else 0
    total_minutes = 60 * hours + minutes
    number = (60 * total_minutes + seconds) * base + part - drop * (total_minutes - total_minutes // 10)
    return _name(number + frames, base, drop, found[4])


def _name(number: int, base: int, drop: int, sign: str) -> str:
    ten = 600 * base - 9 * drop
    number %= 144 * ten  # a day
    if drop:
        tens, rest = divmod(number, ten)
        # The first minute of ten is whole, the others are short of the dropped numbers.
        number += drop * (9 * tens + max(0, (rest - drop) // (60 * base - drop)))
    seconds, part = divmod(number, base)
    return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}{sign}{part:02d}"
