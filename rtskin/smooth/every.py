"""How often the network runs where masks ride between; here alone, since command lines read it before anything is loaded."""

from __future__ import annotations

from typing import Any, Literal

from rtskin.errors import InputError

#: Frames from one key frame to the next, at most; "auto": as few as there is time for.
Every = int | Literal["auto"]
#: Those between are held until the next is there: two seconds.
MOST = 60


def parse_every(every: Any, *, repeats: bool = False) -> Every:
    """As it is written: 5, "5" or "auto"; InputError for others, and for "auto" where the same file is to give the same
    masks (``repeats``)."""
    if every == "auto" and repeats:
        raise InputError(
            "every auto goes by the time that the network takes, so a file would not always give the same masks; give a "
            "number, for example 5"
        )
    if every == "auto":
        return "auto"
    number = int(every) if isinstance(every, str) and every.isascii() and every.isdigit() else every
    if isinstance(number, int) and not isinstance(number, bool) and 1 <= number <= MOST:
        return number
    raise InputError(f"every is a number of frames, 1 to {MOST}, or auto (as few as there is time for), not {every!r}")
