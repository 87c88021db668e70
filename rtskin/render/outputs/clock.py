"""When a frame is shown: its own time, in ticks that suit the output."""

from __future__ import annotations

import logging
from fractions import Fraction

from rtskin.frame import Frame

_log = logging.getLogger("rtskin.render")

_MICROSECOND = Fraction(1, 1_000_000)

#: Below this the mp4 and mov muxers double the rate of ticks themselves; the same doubling here keeps both alike.
_LEAST_RATE = 10_000


class Clock:
    """Ticks of ``time_base`` for frame after frame: its pts where it has one, else seq/rate, else the time of capture.

    The ticks are as fine as the source's or a whole multiple finer, so that no time is moved (only beyond a million
    a second they are rounded). They rise from frame to frame: one that would not is put a tick after its predecessor,
    and counted in ``retimed``. No container begins before 0: a source that does is moved as a whole (``shift``, ticks).
    """

    def __init__(self, first: Frame, rate: Fraction | None = None) -> None:
        self._rate = first.source.rate or rate
        self._first = first
        self.time_base = _ticks(self._unit(first))
        start = round(self._seconds(first) / self.time_base)
        self.shift = max(0, -start)
        self.retimed = 0
        self._last: int | None = None
        self._step: int = max(1, round((1 / self._rate if self._rate else Fraction(1, 30)) / self.time_base))
        if self.shift:
            _log.warning("the source begins at %.3f s; the output begins at 0", float(start * self.time_base))

    def ticks(self, frame: Frame) -> tuple[int, int]:
        """(pts, duration) of the next frame."""
        pts = round(self._seconds(frame) / self.time_base) + self.shift
        if self._last is not None:
            pts = self._rising(pts, self._last)
            if self._rate is None:
                self._step = pts - self._last
        self._last = pts
        if frame.duration:
            return pts, max(1, round(frame.duration * frame.time_base / self.time_base))
        return pts, self._step

    def _rising(self, pts: int, last: int) -> int:
        if pts > last:
            return pts
        if not self.retimed:
            _log.warning("the source's times do not rise; frames that would go back are moved on by a tick")
        self.retimed += 1
        return last + 1

    def _unit(self, frame: Frame) -> Fraction:
        if frame.pts is not None:
            return frame.time_base
        return 1 / self._rate if self._rate else _MICROSECOND

    def _seconds(self, frame: Frame) -> Fraction:
        if frame.pts is not None:
            return frame.pts * frame.time_base
        if self._rate:
            return frame.seq / self._rate
        return Fraction(frame.captured_ns - self._first.captured_ns, 1_000_000_000)


def _ticks(unit: Fraction) -> Fraction:
    rate = unit.denominator
    while rate < _LEAST_RATE:
        rate *= 2
    return Fraction(1, min(rate, _MICROSECOND.denominator))
