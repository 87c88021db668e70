"""What stands behind the colon of a generator: "640x480@60?frames=100"."""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from urllib.parse import parse_qsl

from rtskin.errors import InputError, nearest

_FORM = re.compile(r"(?:(\d+)[xX×](\d+))?(?:@(\d+(?:\.\d+|/\d+)?))?(?:\?(.*))?")
_LARGEST = 16384


@dataclass(frozen=True, slots=True)
class Params:
    """size in pixels, rate in frames a second, and the numbers behind the question mark."""

    width: int
    height: int
    rate: Fraction
    extra: dict[str, float]


def parse(uri: str, size: tuple[int, int], rate: int, extra: dict[str, float]) -> Params:
    """``uri`` with these values where it says nothing; ``extra`` also says which keys there are. InputError else."""
    kind, _, text = uri.partition(":")
    found = _FORM.fullmatch(text)
    if found is None:
        raise InputError(f"{uri!r} is not understood; write {kind}:{size[0]}x{size[1]}@{rate}?{next(iter(extra))}=N")
    width, height = int(found[1] or size[0]), int(found[2] or size[1])
    if not (1 <= width <= _LARGEST and 1 <= height <= _LARGEST):
        raise InputError(f"{uri!r}: width and height go from 1 to {_LARGEST} pixels")
    try:
        fraction = Fraction(found[3]) if found[3] else Fraction(rate)
    except ZeroDivisionError:
        fraction = Fraction(0)
    if not 0 < fraction <= 1000:
        raise InputError(f"{uri!r}: the rate is more than 0 and up to 1000 frames a second")
    return Params(width, height, fraction.limit_denominator(1001), {**extra, **_extra(uri, found[4] or "", extra)})


def _extra(uri: str, text: str, known: dict[str, float]) -> dict[str, float]:
    values = {}
    for key, value in parse_qsl(text, keep_blank_values=True):
        if key not in known:
            raise InputError(f"{uri!r} has an unknown setting {key!r}{nearest(key, known)}")
        try:
            values[key] = float(value)
        except ValueError:
            values[key] = -1.0
        if not 0 <= values[key] < 1e9:
            raise InputError(f"{uri!r}: {key} is a number, 0 or more, not {value!r}")
    return values
