"""The frames of a source by their numbers."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace
from fractions import Fraction

from rtskin.capture.base import Capture
from rtskin.capture.kinds import kind_of, open_source
from rtskin.errors import SourceError
from rtskin.frame import Frame
from rtskin.node import Context, Source
from rtskin.offline.frames import DURATION, PTS, FrameTable
from rtskin.offline.identity import stamp


class NumberedFrames(Source):
    """Frames first … last − 1 of a source; ``Frame.seq`` is the number in the table. The last frame is the last one there is
    where ``last`` is the table's end, also where the table could only estimate.

    fill: a frame that cannot be decoded is the one before it once more, at its own time, so that none is missing; there is
    none before the first picture. SourceError where the source changes while it is read.
    """

    gives = Frame

    def __init__(self, uri: str, table: FrameTable, first: int, last: int, *, fill: bool = False) -> None:
        super().__init__()
        self._uri, self._table, self._fill = uri, table, fill
        self._first, self._last = first, last
        self._capture: Capture | None = None
        self._ready: deque[Frame] = deque()
        self._before: Frame | None = None
        self._interrupted = threading.Event()
        self._count = self._until = 0
        #: Frames that could not be decoded, so far.
        self.lost = 0
        self._counters: dict[str, int | float | str] = {}

    def open(self, context: Context) -> None:
        self._stamp = stamp(self._uri)
        self._capture = open_at(self._uri, self._table, self._first, self._last)

    def read(self) -> Frame | None:
        if not self._ready:
            self._read_on()
        return self._ready.popleft() if self._ready else None

    def interrupt(self) -> None:
        self._interrupted.set()
        if self._capture is not None:
            self._capture.interrupt()

    def close(self) -> None:
        capture, self._capture = self._capture, None
        if capture is not None:
            self._counters = capture.counters()
            capture.close()

    def counters(self) -> dict[str, int | float | str]:
        """Those of the capture, and lost: frames that could not be decoded."""
        own = self._counters if self._capture is None else self._capture.counters()
        return {**own, "lost": self.lost}

    def _read_on(self) -> None:
        """The next frame that is wanted, and before it copies for those that are missing."""
        frame = self._next()
        if frame is None and self._interrupted.is_set():
            return
        if frame is None:
            self._missing_until(self._last if self._table.timed else 0)
            self._check_unchanged()
            return
        self._missing_until(frame.seq)
        self._ready.append(frame)
        self._before = frame

    def _next(self) -> Frame | None:
        assert self._capture is not None, "read() before open()"
        while (frame := self._capture.read()) is not None:
            number = self._number(frame)
            if number is None or number < self._first:
                continue
            if number >= self._last and self._last < len(self._table):
                return None
            frame.seq = number
            return frame
        return None

    def _number(self, frame: Frame) -> int | None:
        """None: it is in no table, so nobody waits for it."""
        self._count += 1
        if not self._table.timed:
            return self._count - 1
        return None if frame.pts is None else self._table.number_of(frame.pts)

    def _missing_until(self, number: int) -> None:
        before = self._before
        if not self._table.timed or before is None:
            return
        for missing in range(max(before.seq + 1, self._until), number):
            self.lost += 1
            if self._fill:
                self._ready.append(self._again(before, missing))
        # What was filled in is not to be filled in again.
        self._until = max(self._until, number)

    def _again(self, before: Frame, number: int) -> Frame:
        """The picture of ``before`` at the time of another frame."""
        pts, duration = int(self._table.rows[number, PTS]), int(self._table.rows[number, DURATION])
        # Images are a tick apart, so that the numbers in their names differ as their times do.
        name = None if before.number is None or before.pts is None else before.number + pts - before.pts
        return replace(before, seq=number, pts=pts, duration=duration or None, number=name)

    def _check_unchanged(self) -> None:
        if stamp(self._uri) != self._stamp:
            raise SourceError(f"{self._uri} has changed while it was read; plan again in another work folder")


def open_at(uri: str, table: FrameTable, first: int, last: int) -> Capture:
    """A capture that gives at least frames first … last − 1; more may come before and after them.

    Images are opened at the first one wanted. A video is decoded from its beginning, which is always right.
    """
    if kind_of(uri) != "images":
        return open_source(uri)
    step = table.time_base
    start, end = (Fraction(int(table.rows[number, PTS])) * step for number in (first, last - 1))
    return open_source(uri, start=float(start), end=float(end + step))
