"""Which frames are a segment: a function of the frames and the options alone, never of workers or machines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rtskin.offline.manifest import SegmentsPart


@dataclass(frozen=True)
class Segment:
    """Frames start … end − 1 are its own. from_ … to − 1 are looked at: filters need some before, look-ahead some after."""

    number: int
    start: int
    end: int
    from_: int
    to: int

    @property
    def name(self) -> str:
        """Of its files."""
        return f"{self.number:06d}"


def segments_of(part: SegmentsPart) -> Sequence[Segment]:
    """All segments, in order. Nothing outside first … last is looked at, as if the rest of the source were not there."""
    starts = range(part.first, part.last, part.frames)
    return [
        Segment(
            number,
            start,
            end := min(start + part.frames, part.last),
            max(part.first, start - part.warm_up),
            min(end + part.tail, part.last),
        )
        for number, start in enumerate(starts)
    ]
