"""Video files, by PyAV: the container's own times, every frame once, damage passed over and counted."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtskin.capture.avio import Pictures, Times, decode, describe, rate_of, use_threads, video_stream
from rtskin.capture.base import Capture
from rtskin.capture.span import Span
from rtskin.errors import NoFramesError, SourceError, reason
from rtskin.frame import Frame
from rtskin.media import av

log = logging.getLogger("rtskin.capture")

#: A video that ends this much before its container says so was cut off; more where the length may be the audio's.
_CUT_SECONDS, _CUT_SECONDS_UNSURE = 0.2, 1.0


class FileCapture(Capture):
    """A video file.

    start, end: seconds from the file's first frame; frames with start ≤ t < end are given. pts stay the file's own.
    Counters: damaged (packets or frames that the decoder complained of), truncated (1: the file ends too early),
    retimed (frames whose time was missing or stepped back).
    """

    def __init__(self, uri: str | os.PathLike[str], *, start: float | None = None, end: float | None = None) -> None:
        self._span = Span(start, end)
        self._path = Path(uri)
        self._damaged = self._truncated = 0
        self._broken: str | None = None
        self._ahead: tuple[Any, int] | None = None
        self._container = _open(self._path)
        try:
            self._begin()
        except BaseException:
            self._container.close()
            raise

    def _begin(self) -> None:
        name = self._path.name
        self._stream = video_stream(self._container, name)
        use_threads(self._stream, "AUTO")
        self._base = Fraction(self._stream.time_base)
        self._times = Times(self._base, rate_of(self._stream))
        self._frames = self._decode()
        first = next(self._frames, None)
        if first is None:
            why = f" ({self._broken})" if self._broken else ""
            raise NoFramesError(f"no picture in {name} can be decoded{why}")
        self._timed = first.pts is not None or first.dts is not None
        info, orient = describe(self._stream, first, name)
        self._pictures = Pictures(orient)
        self._origin = self._last_end = self._times.of(first)
        length, self._sure = _length(self._container, self._stream)
        super().__init__(replace(info, path=str(self._path), **self._estimate(length, info.rate)))
        self._length = length
        self._ahead = self._seek() or (first, self._origin)

    def read(self) -> Frame | None:
        while not self._interrupted.is_set():
            item = self._next()
            if item is None:
                self._check_end()
                return None
            frame, pts = item
            seconds = float((pts - self._origin) * self._base)
            if self._span.is_after(seconds):
                return None
            self._last_end = pts + (frame.duration or 0)
            if not self._span.is_before(seconds):
                picture = self._pictures.of(frame)
                return self._stamp(picture, pts, self._base, duration=frame.duration or None)
        return None

    def close(self) -> None:
        super().close()
        self._ahead = None
        self._container.close()

    def counters(self) -> dict[str, int | float | str]:
        return {"damaged": self._damaged, "truncated": self._truncated, "retimed": self._times.retimed}

    # -- decoding ------------------------------------------------------------------------------------------------

    def _next(self) -> tuple[Any, int] | None:
        if self._ahead is not None:
            item, self._ahead = self._ahead, None
            return item
        frame = next(self._frames, None)
        return None if frame is None else (frame, self._times.of(frame))

    def _decode(self) -> Iterator[Any]:
        return decode(self._stream, self._demux(), self._count_damage)

    def _demux(self) -> Iterator[Any]:
        """All packets and the one that flushes; a container that breaks in the middle ends the stream."""
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self._broken = reason(error)
                packet = av.Packet()  # an empty one makes the decoder give what it holds back
            if packet is None:
                return
            yield packet
            if self._broken:
                return

    def _count_damage(self) -> None:
        if not self._damaged:
            log.warning("%s is damaged; what cannot be decoded is passed over", self._path.name)
        self._damaged += 1

    def _seek(self) -> tuple[Any, int] | None:
        """Goes to the key frame before ``start``; gives the frame to begin with, None where it is the first."""
        # Without times of its own (a raw H.264 stream) nobody knows where a seek lands: decode from the beginning.
        if not self._span.start or not self._timed:
            return None
        target = self._origin + int(self._span.start / self._base)
        if self._seek_to(target) and (item := self._next()) and item[1] <= target:
            return item
        # No index, or it lies and landed behind the target: decode from the beginning instead.
        if self._seek_to(self._origin) and (item := self._next()) and item[1] <= self._origin:
            return item
        self._reopen()
        return None

    def _seek_to(self, pts: int) -> bool:
        try:
            self._container.seek(pts, stream=self._stream)
        except av.error.FFmpegError:
            return False
        self._times.reset()
        self._frames = self._decode()
        return True

    def _reopen(self) -> None:
        self._container.close()
        self._container = _open(self._path)
        self._stream = video_stream(self._container, self._path.name)
        use_threads(self._stream, "AUTO")
        self._times.reset()
        self._frames = self._decode()
        self._times.of(next(self._frames))

    # -- the end -------------------------------------------------------------------------------------------------

    def _check_end(self) -> None:
        """After the last frame: was that all that the container promised?"""
        if self._truncated:
            return
        if self._seq == 0:
            raise NoFramesError(f"{self._path.name} has no frame between {self._span}; {self._about_length()}")
        seconds = float((self._last_end - self._origin) * self._base)
        margin = max(_CUT_SECONDS if self._sure else _CUT_SECONDS_UNSURE, 2 * self._frame_seconds())
        if self._broken or (self._length is not None and seconds < self._length - margin):
            self._truncated = 1
            why = f" ({self._broken})" if self._broken else ""
            log.warning("%s is cut short%s: it ends after %.2f s", self._path.name, why, seconds)

    def _about_length(self) -> str:
        seconds = float((self._last_end - self._origin) * self._base)
        return f"it is {self._length or seconds:.2f} s long"

    def _frame_seconds(self) -> float:
        return float(1 / self.info.rate) if self.info.rate else 0.0

    def _estimate(self, length: float | None, rate: Fraction | None) -> dict[str, Any]:
        """frames and duration of what will be given."""
        if length is None:
            return {}
        seconds = self._span.seconds_of(length)
        frames = self._stream.frames if self._span.whole else 0
        return {"duration": seconds, "frames": frames or (round(seconds * rate) if rate else None)}


def _open(path: Path) -> Any:
    try:
        return av.open(os.fspath(path))
    except (av.error.InvalidDataError, av.error.EOFError):
        if path.stat().st_size == 0:
            raise NoFramesError(f"{path} is empty") from None
        raise SourceError(f"{path} is not a video, or its index is missing (a recording that was cut off)") from None
    except av.error.PermissionError:
        raise SourceError(f"{path} may not be read; check its permissions") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be opened as a video: {reason(error)}") from None


def _length(container: Any, stream: Any) -> tuple[float | None, bool]:
    """Seconds of the video where the container says so, and whether it is sure that they are the video's."""
    if stream.duration:
        return float(stream.duration * stream.time_base), True
    for key, value in stream.metadata.items():
        if key.upper().startswith("DURATION") and (seconds := _clock(value)):
            return seconds - _begin_seconds(stream), True
    if container.duration:
        return float(container.duration / av.time_base) - _begin_seconds(stream), len(container.streams) == 1
    return None, False


def _begin_seconds(stream: Any) -> float:
    """Matroska counts its lengths from zero, not from the first frame."""
    return float((stream.start_time or 0) * stream.time_base)


def _clock(text: str) -> float | None:
    """ "00:01:02.5" in seconds."""
    try:
        hours, minutes, seconds = text.split(":")
        return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
    except ValueError:
        return None
