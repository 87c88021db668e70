"""A video that another program writes into our standard input: y4m, or anything that can be read without going back."""

from __future__ import annotations

import os
import select
import sys
import threading
from contextlib import suppress
from typing import Any

from rtskin.capture.avio import Pictures, describe
from rtskin.capture.decoded import Bounds, DecodedCapture
from rtskin.capture.decoder import Decoder
from rtskin.capture.span import Point, Span
from rtskin.errors import InputError, NoFramesError, SourceError, reason
from rtskin.media import av

_NAME = "standard input"
_EXAMPLE = "ffmpeg -i clip.mp4 -f yuv4mpegpipe - | rtskin render - out.mkv"
#: Bytes asked of the pipe at a time, and of the system as its size: a picture of y4m takes megabytes, a pipe 64 KiB.
_BLOCK = 1 << 20
#: Seconds after which a reader that waits looks whether it is still wanted.
_PATIENCE = 0.1


class PipeCapture(DecodedCapture):
    """The video on standard input, ``-``, read once from beginning to end.

    start, end: as of rtskin.capture.span.Point; what lies before the start is read and decoded all the same. A stream
    without times (y4m has none) gets those of its rate. Counters: those of DecodedCapture, and truncated (1: it broke off).
    InputError: standard input is a terminal. NoFramesError: nothing came. SourceError: what came is no video.
    """

    def __init__(self, uri: str = "-", *, start: Point | None = None, end: Point | None = None) -> None:
        span = Span.between(start, end)
        self._pipe = _Pipe(_standard_input())
        self._container = _open(self._pipe)
        try:
            decoder = Decoder(self._container, _NAME)
            item = decoder.next()
            if item is None:
                raise NoFramesError("no picture on standard input can be decoded")
            info, orient = describe(decoder.stream, item[0], _NAME)
            low, high = span.low(decoder.base), span.high(decoder.base)
            origin = item[1]
            bounds = Bounds(
                None if low is None else origin + low,
                None if high is None else origin + high,
                span.first or 0,
                span.last,
            )
            super().__init__(info, decoder, Pictures(orient, _NAME), item, bounds)
        except BaseException:
            self._container.close()
            raise
        self._span, self._truncated = span, 0

    def interrupt(self) -> None:
        super().interrupt()
        self._pipe.stop()

    def close(self) -> None:
        super().close()
        self._pipe.stop()
        self._container.close()

    def counters(self) -> dict[str, int | float | str]:
        return {**super().counters(), "truncated": self._truncated}

    def _finish(self, complete: bool) -> None:
        if complete and self._decoder.broken:
            self._truncated = 1
        if self._seq == 0 and not self._interrupted.is_set():
            raise NoFramesError(f"{_NAME} has no frame between {self._span}; {self._decoder.decoded} frames came")


class _Pipe:
    """Standard input for PyAV; reading ends when it is stopped, also while nothing comes."""

    def __init__(self, descriptor: int) -> None:
        if os.isatty(descriptor):
            raise InputError(f"standard input is a terminal; send a video into it: {_EXAMPLE}")
        self._descriptor = descriptor
        self._stopped = threading.Event()
        self.bytes = 0
        _enlarge(descriptor)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes as soon as there are some; none at the end and after ``stop``."""
        while not self._stopped.is_set():
            # Windows cannot be asked whether a pipe has something; there, stopping takes until something comes.
            if sys.platform == "win32" or select.select([self._descriptor], [], [], _PATIENCE)[0]:
                data = os.read(self._descriptor, size)
                self.bytes += len(data)
                return data
        return b""

    def stop(self) -> None:
        self._stopped.set()


def _standard_input() -> int:
    try:
        return sys.stdin.fileno()
    except (AttributeError, OSError, ValueError):
        raise InputError(f"there is no standard input here; name a file, or run: {_EXAMPLE}") from None


def _enlarge(descriptor: int) -> None:
    """Only Linux lets a pipe grow, and only a pipe; elsewhere it stays as it is, and reading takes more calls."""
    with suppress(ImportError, AttributeError, OSError):
        import fcntl

        fcntl.fcntl(descriptor, fcntl.F_SETPIPE_SZ, _BLOCK)


def _open(pipe: _Pipe) -> Any:
    try:
        return av.open(pipe, buffer_size=_BLOCK)
    except (av.error.FFmpegError, OSError, ValueError) as error:
        if not pipe.bytes:
            raise NoFramesError(f"nothing came through standard input; send a video into it: {_EXAMPLE}") from None
        why = reason(error)
        raise SourceError(
            f"what comes through standard input is no video that can be read in passing ({why})"
        ) from None
