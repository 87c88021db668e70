"""The frames of a source by their numbers."""

from __future__ import annotations

import threading
from collections import deque
from dataclasses import replace

from rtskin.capture.base import Capture
from rtskin.capture.kinds import kind_of, open_source
from rtskin.capture.table import FrameTable
from rtskin.errors import NoFramesError
from rtskin.frame import Frame
from rtskin.node import Context, Source
from rtskin.offline.frames import number_of


class NumberedFrames(Source):
    """Frames first … last − 1 of a source; ``Frame.seq`` is the row of the table. The last frame is the last one there is
    where ``last`` is the table's end, also where the table could only estimate.

    fill: a frame that cannot be decoded is the one before it once more, at its own time, so that none is missing; there is
    none before the first picture. decode: of a file, as of rtskin.capture.file.FileCapture. lost: how many could not be
    decoded, so far.
    """

    gives = Frame

    def __init__(
        self, uri: str, table: FrameTable, first: int, last: int, *, fill: bool = False, decode: str | None = None
    ) -> None:
        super().__init__()
        self._uri, self._table, self._fill, self._decode = uri, table, fill, decode
        self._first, self._last = first, last
        self._capture: Capture | None = None
        self._counters: dict[str, int | float | str] = {}
        self._interrupted = threading.Event()
        self._ready: deque[Frame] = deque()
        self._before: Frame | None = None
        #: How many the capture gave, and the number up to which missing ones are dealt with.
        self._given = self._until = 0
        self.lost = 0

    def open(self, context: Context) -> None:
        self._capture = _open_at(self._uri, self._table, self._first, self._last, self._decode)

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
        """Those of the capture, and lost."""
        own = self._counters if self._capture is None else self._capture.counters()
        return {**own, "lost": self.lost}

    def _read_on(self) -> None:
        """The next frame that is wanted, and before it copies for those that are missing."""
        frame = self._next()
        if frame is None and self._interrupted.is_set():
            return
        self._missing_until(self._last if frame is None else frame.seq)
        if frame is not None:
            self._ready.append(frame)
            self._before = frame

    def _next(self) -> Frame | None:
        assert self._capture is not None, "read() before open()"
        while (frame := self._read()) is not None:
            number = self._number(frame)
            # A time that is in no table is nobody's; the others are those that only led here.
            if number is not None and self._first <= number:
                frame.seq = number
                return frame if number < self._last or self._last == len(self._table) else None
        return None

    def _read(self) -> Frame | None:
        try:
            return self._capture.read() if self._capture is not None else None
        except NoFramesError:
            return None  # a part of which no frame can be decoded is no error: others have some

    def _number(self, frame: Frame) -> int | None:
        self._given += 1
        if not self._table.timed:
            return self._first + self._given - 1
        return None if frame.pts is None else number_of(self._table, frame.pts)

    def _missing_until(self, number: int) -> None:
        before = self._before
        if not self._table.timed or before is None:
            return
        for missing in range(max(before.seq + 1, self._until), number):
            self.lost += 1
            if self._fill:
                self._ready.append(self._again(before, missing))
        self._until = max(self._until, number)

    def _again(self, before: Frame, number: int) -> Frame:
        """The picture of ``before`` at the time of another frame."""
        pts, duration = int(self._table.pts[number]), int(self._table.duration[number])
        # Images are a tick apart, so that the numbers in their names differ as their times do.
        name = None if before.number is None or before.pts is None else before.number + pts - before.pts
        return replace(before, seq=number, pts=pts, duration=duration or None, number=name)


def _open_at(uri: str, table: FrameTable, first: int, last: int, decode: str | None) -> Capture:
    """A capture of frames first … last − 1; of all from ``first`` on, where ``last`` is the table's end."""
    kind = kind_of(uri)
    if kind == "image":
        return open_source(uri)  # which is one frame, and has no parts
    if kind == "file":
        # One thread: what damaged pictures look like must not depend on the machine.
        behind = None if last == len(table) else last
        return open_source(uri, first=first or None, last=behind, threads=1, decode=decode)
    start, end = (float(int(table.pts[row]) * table.time_base) for row in (first, last - 1))
    return open_source(uri, start=start, end=end + float(table.time_base) / 2)
