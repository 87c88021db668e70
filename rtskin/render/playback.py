"""An image or a video that plays behind another one, by that one's time, and begins again at its end."""

from __future__ import annotations

import os

import numpy as np

from rtskin.capture import Capture, open_source
from rtskin.capture.table import FrameTable, frame_table
from rtskin.errors import SourceError
from rtskin.frame import Frame

#: Frames a second of a video that knows no times.
_RATE = 25
#: Seconds ahead from which on the frame is looked up, and decoding begins near it: less is decoded through as quickly.
_FAR = 2.0


class Playback:
    """The frames of ``path`` by time. SourceError where it cannot be opened or read, or has no end.

    still: it is one picture.
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self._path = os.fspath(path)
        self._source: Capture = _open(self._path)
        self._lap = 0.0
        try:
            self._now = self._next = self._first()
        except BaseException:
            self._source.close()
            raise
        self._first_time = seconds_of(self._now)
        self.still = self._source.info.frames == 1

    def at(self, seconds: float) -> Frame:
        """The frame to be seen so many seconds after the first; times must not go back (then the newest stays)."""
        if not self.still and seconds - self._due() > _FAR:
            self._jump(seconds)
        while not self.still and self._due() <= seconds:
            self._now = self._next
            self._next = self._follower()
        return self._now

    def close(self) -> None:
        """Give the file back."""
        self._source.close()

    def _due(self) -> float:
        """When the frame after the newest is shown."""
        return self._lap + self._own_time(self._next)

    def _own_time(self, frame: Frame) -> float:
        return seconds_of(frame) - self._first_time

    def _follower(self) -> Frame:
        frame = self._source.read()
        if frame is not None:
            return frame
        self._lap += max(self._own_time(self._now) + _length(self._now), 1 / _RATE)
        self._open_at(0)
        return self._first()

    def _jump(self, seconds: float) -> None:
        """To the frame of that time, or near it, without decoding what lies between."""
        try:
            table = frame_table(self._path)
        except SourceError:
            return  # what the packets do not say is decoded
        times = self._times(table)
        length = self._lap_length(table, float(times[-1]))
        laps, rest = divmod(seconds - self._lap, length)
        if not laps and not table.timed:
            return
        self._lap += laps * length
        # Without times of its own a file cannot be entered in the middle: that lap is decoded from its beginning.
        number = max(0, int(np.searchsorted(times, rest, side="right")) - 1) if table.timed else 0
        self._open_at(number)
        frame = self._source.read()
        if frame is None:  # damaged up to its end
            self._open_at(0)
            frame = self._first()
        self._now = self._next = frame

    def _times(self, table: FrameTable) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
        """Seconds from the first frame, of each."""
        if not table.timed:
            return np.arange(len(table)) / self._rate()
        return (table.pts - table.pts[0]) * float(table.time_base)

    def _lap_length(self, table: FrameTable, last: float) -> float:
        return max(last + (float(table.duration[-1] * table.time_base) or 1 / self._rate()), 1 / _RATE)

    def _rate(self) -> float:
        return float(self._source.info.rate or _RATE)

    def _open_at(self, number: int) -> None:
        self._source.close()
        self._source = _open(self._path, number)

    def _first(self) -> Frame:
        frame = self._source.read()
        if frame is None:
            raise SourceError(f"not one picture of the background {self._path} can be read")
        return frame


def seconds_of(frame: Frame) -> float:
    """When it is shown; by its number and rate, where it knows no time."""
    rate = float(frame.source.rate or _RATE)
    return frame.seq / rate if frame.time is None else frame.time


def _open(path: str, number: int = 0) -> Capture:
    source = open_source(path, first=number or None)
    if source.live:
        source.close()
        raise SourceError(f"{path} has no end; a background is an image or a video file")
    return source


def _length(frame: Frame) -> float:
    if frame.duration:
        return float(frame.duration * frame.time_base)
    return float(1 / (frame.source.rate or _RATE))
