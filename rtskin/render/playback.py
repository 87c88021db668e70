"""An image or a video that plays behind another one, by that one's time, and begins again at its end."""

from __future__ import annotations

from rtskin.capture import Capture, open_source
from rtskin.errors import SourceError
from rtskin.frame import Frame

#: Frames a second of a video that knows no times.
_RATE = 25


class Playback:
    """The frames of ``path`` by time. SourceError where it cannot be opened or read, or has no end.

    still: it is one picture.
    """

    def __init__(self, path: str) -> None:
        self._path = path
        self._source: Capture = _open(path)
        self._lap = 0.0
        self._now = self._next = self._read()
        self.still = self._source.info.frames == 1

    def at(self, seconds: float) -> Frame:
        """The frame to be seen so many seconds after the first; times must not go back (then the newest stays)."""
        while not self.still and self._lap + self._own_time(self._next) <= seconds:
            self._now = self._next
            self._next = self._follower()
        return self._now

    def close(self) -> None:
        """Give the file back."""
        self._source.close()

    def _own_time(self, frame: Frame) -> float:
        return seconds_of(frame) - self._first_time

    def _follower(self) -> Frame:
        frame = self._source.read()
        if frame is not None:
            return frame
        self._lap += max(self._own_time(self._now) + _length(self._now), 1 / _RATE)
        self._source.close()
        self._source = _open(self._path)
        return self._read()

    def _read(self) -> Frame:
        frame = self._source.read()
        if frame is None:
            raise SourceError(f"not one picture of the background {self._path} can be read")
        self._first_time = seconds_of(frame)
        return frame


def seconds_of(frame: Frame) -> float:
    """When it is shown; by its number and rate, where it knows no time."""
    rate = float(frame.source.rate or _RATE)
    return frame.seq / rate if frame.time is None else frame.time


def _open(path: str) -> Capture:
    source = open_source(path)
    if source.live:
        source.close()
        raise SourceError(f"{path} has no end; a background is an image or a video file")
    return source


def _length(frame: Frame) -> float:
    if frame.duration:
        return float(frame.duration * frame.time_base)
    return float(1 / (frame.source.rate or _RATE))
