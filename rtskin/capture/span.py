"""The part of a source that was asked for."""

from __future__ import annotations

import math
from dataclasses import dataclass

from rtskin.errors import InputError


@dataclass(frozen=True, slots=True)
class Span:
    """Seconds: start ≤ t < end; None for the beginning and for the end of the source."""

    start: float | None = None
    end: float | None = None

    def __post_init__(self) -> None:
        for name, value in (("start", self.start), ("end", self.end)):
            if value is not None and not (math.isfinite(value) and value >= 0):
                raise InputError(f"{name} is in seconds, 0 or more, not {value:g}")
        if self.end is not None and self.end <= (self.start or 0):
            raise InputError(f"end ({self.end:g} s) must lie behind start ({self.start or 0:g} s)")

    @property
    def whole(self) -> bool:
        return not self.start and self.end is None

    def is_before(self, seconds: float) -> bool:
        return self.start is not None and seconds < self.start

    def is_after(self, seconds: float) -> bool:
        return self.end is not None and seconds >= self.end

    def seconds_of(self, length: float) -> float:
        """How much of a source of ``length`` seconds is left."""
        end = length if self.end is None else min(self.end, length)
        return max(0.0, end - (self.start or 0.0))

    def __str__(self) -> str:
        return f"{self.start or 0:g} s and {'its end' if self.end is None else f'{self.end:g} s'}"
