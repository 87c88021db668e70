"""Limits of a region's size, in pixels or as a fraction of the frame."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from rtskin.errors import InputError
from rtskin.frame import Box

_LENGTH = re.compile(r"\s*(\d+(?:\.\d*)?|\.\d+)\s*(px|%|)\s*")


@dataclass(frozen=True, slots=True)
class Length:
    """So many pixels, or (in_pixels False) so much of the frame's longer side."""

    value: float
    in_pixels: bool

    def pixels(self, frame_size: tuple[int, int]) -> float:
        """In pixels of a frame of that width and height."""
        return self.value if self.in_pixels else self.value * max(frame_size)


@dataclass(frozen=True, slots=True)
class Limits:
    """Least and most of the longer side of a region's box; None: no limit."""

    least: Length | None = None
    most: Length | None = None

    def admit(self, box: Box, frame_size: tuple[int, int]) -> bool:
        """box: x, y, w, h in pixels of the frame."""
        side = max(box[2], box[3])
        if self.least is not None and side < self.least.pixels(frame_size):
            return False
        return self.most is None or side <= self.most.pixels(frame_size)


NO_LIMIT = Limits()


def parse_length(text: str | float) -> Length:
    """ "24px" is pixels of the frame; 0.02, "0.02" and "2%" are fractions of its longer side, 0 … 1. InputError."""
    found = _LENGTH.fullmatch(str(text))
    if found is None:
        raise InputError(f'{text!r} is no size: write pixels, as "24px", or a fraction of the frame, as 0.02 or "2%"')
    value, unit = float(found[1]), found[2]
    if unit == "px":
        return Length(value, True)
    value /= 100 if unit == "%" else 1
    if not 0 <= value <= 1 or math.isnan(value):
        raise InputError(f'{text!r} is more than the whole frame; for pixels write "{found[1]}px"')
    return Length(value, False)
