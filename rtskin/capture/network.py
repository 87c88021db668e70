"""Network streams, by PyAV: time-outs, reconnect with back-off, and a backlog that is jumped over."""

from __future__ import annotations

import itertools
import logging
import math
import time
from collections.abc import Generator, Iterator
from dataclasses import replace
from fractions import Fraction
from typing import Any

from rtskin.capture.avio import Pictures, Times, decode, describe, set_up
from rtskin.capture.base import Capture
from rtskin.capture.container import video_stream
from rtskin.capture.hardware import hardware_for, none_came, open_accelerated
from rtskin.capture.live import LagMeter, Timeline
from rtskin.capture.pump import Pump
from rtskin.capture.redact import redact
from rtskin.errors import InputError, SourceError, reason
from rtskin.frame import Frame
from rtskin.media import av

log = logging.getLogger("rtskin.capture")

#: Decoded frames that wait for the reader: enough for its jitter, little enough to stay fresh.
_KEEP = 3
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
#: A clip that ends this much before its length was cut by the connection.
_CUT_SECONDS = 0.5
#: How long ``close`` waits for a read that is under way; the thread ends by itself at the read time-out.
_CLOSE_SECONDS = 0.5


class NetworkCapture(Capture):
    """A stream by RTSP, RTMP, HTTP(S), UDP or TCP.

    open_timeout, read_timeout: seconds without an answer until the connection counts as broken. reconnect: attempts in
    a row, with pauses of 0.5, 1, 2 … 8 s, before giving up; 0 never reconnects. max_lag: seconds that a frame of a live
    stream may come late before frames are skipped to catch up. decode: as of rtskin.capture.file.FileCapture.

    A clip of known length served by HTTP is not live: it is read as fast as it is taken, every frame, and after a
    broken connection from where it broke. Anything else is live; its pts keep growing when it is opened again.
    Counters: damaged, late (frames skipped), reconnects.
    """

    def __init__(
        self,
        uri: str,
        *,
        open_timeout: float = 10.0,
        read_timeout: float = 5.0,
        reconnect: int = 5,
        max_lag: float = 1.0,
        decode: str | None = None,
    ) -> None:
        for name, value in (("open_timeout", open_timeout), ("read_timeout", read_timeout), ("max_lag", max_lag)):
            if not (math.isfinite(value) and value > 0):
                raise InputError(f"{name} is in seconds, more than 0, not {value}")
        if reconnect < 0:
            raise InputError(f"reconnect is a number of attempts, 0 or more, not {reconnect}")
        self._uri, self._shown = uri, redact(uri)
        self._timeouts, self._attempts = (open_timeout, read_timeout), reconnect
        self._damaged = self._late = self._reconnects = 0
        self._hardware = hardware_for(decode)
        self._container = self._connect()
        try:
            first = self._begin()
        except BaseException:
            self._container.close()
            raise
        info, orient = describe(self._stream, first, self._shown)
        length = self._length()
        self.live = self.self_paced = length is None
        if length is not None:
            frames = self._stream.frames or (round(length * info.rate) if info.rate else None)
            info = replace(info, duration=length, frames=frames)
        super().__init__(info)
        self._duration = length
        self._pictures = Pictures(orient, self._shown)
        self._timeline, self._lag = Timeline(Fraction(self._stream.time_base)), LagMeter(max_lag)
        self._times = Times(self._timeline.time_base, info.rate)
        self._last: int | None = None
        self._origin = first.pts or 0
        self._pump = Pump(f"rtskin-{info.name}", self._run(first), keep=_KEEP, drop=self.live)

    def read(self) -> Frame | None:
        item = self._pump.take()
        if item is None:
            return None
        frame, pts, captured_ns = item
        result = self._stamp(self._pictures.of(frame), pts, self._timeline.time_base, duration=frame.duration or None)
        result.captured_ns = captured_ns
        return result

    def interrupt(self) -> None:
        super().interrupt()
        self._pump.stop()

    def close(self) -> None:
        self.interrupt()
        self._pump.join(_CLOSE_SECONDS)

    def counters(self) -> dict[str, int | float | str]:
        return {"damaged": self._damaged, "late": self._late + self._pump.dropped, "reconnects": self._reconnects}

    # -- one connection ------------------------------------------------------------------------------------------

    def _connect(self) -> Any:
        options = {"rtsp_transport": "tcp"} if self._uri.lower().startswith("rtsp") else {}
        try:
            return open_accelerated(self._hardware, self._shown, self._uri, options=options, timeout=self._timeouts)
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise SourceError(f"{self._shown} cannot be opened: {self._why(error, self._timeouts[0])}") from None

    def _begin(self) -> Any:
        """Chooses the stream of the container and gives its first frame."""
        self._broken: str | None = None
        self._skipping = False
        self._stream = video_stream(self._container, self._shown)
        # Frame threads hold frames back, which a live picture has no time for.
        set_up(self._stream, self._hardware, self._shown, "SLICE" if self._length() is None else "AUTO")
        self._frames = self._decoded()
        first = next(self._frames, None)
        if first is None:
            otherwise = f"{self._shown} sends no picture that can be decoded{self._because()}"
            raise none_came(self._hardware, self._stream.codec_context, self._shown, otherwise)
        return first

    def _decoded(self) -> Iterator[Any]:
        return decode(self._stream, self._packets(), self._count_damage, self._hardware, self._shown)

    def _packets(self) -> Iterator[Any]:
        """Packets until the stream ends or breaks; ``_broken`` says which. Then an empty one, which empties the decoder."""
        packets = self._container.demux(self._stream)
        while not self._is_interrupted():
            try:
                packet = next(packets, None)
            except av.error.FFmpegError as error:
                self._broken = self._why(error, self._timeouts[1])
                packet = av.Packet()
            if packet is None:
                return
            if self._skipping and packet.size and not packet.is_keyframe:
                self._late += 1
            yield packet
            if self._broken:
                return

    def _length(self) -> float | None:
        """Seconds, where this is a clip and not a live stream."""
        if not self._uri.lower().startswith("http") or not self._container.duration:
            return None
        return float(self._container.duration / av.time_base)

    # -- all of them, in the pump's thread -------------------------------------------------------------------------

    def _run(self, first: Any) -> Generator[tuple[Any, int, int], None, None]:
        try:
            frames: Iterator[Any] = itertools.chain([first], self._frames)
            while True:
                yield from self._fresh(frames) if self.live else self._every(frames)
                if self._is_interrupted() or (not self.live and self._complete()):
                    return
                again = self._again()
                if again is None:
                    return
                frames = itertools.chain([again], self._frames)
        finally:
            self._container.close()

    def _fresh(self, frames: Iterator[Any]) -> Iterator[tuple[Any, int, int]]:
        for frame in frames:
            now = time.monotonic()
            pts = self._timeline.stamp(frame.pts, Fraction(self._stream.time_base), now)
            late = self._lag.late(float(pts * self._timeline.time_base), now)
            # Where decoding itself is too slow, only key frames are decoded until the stream is caught up.
            self._skip(late)
            if late:
                self._late += 1
            else:
                yield frame, pts, time.monotonic_ns()

    def _skip(self, skipping: bool) -> None:
        if skipping != self._skipping:
            self._skipping = skipping
            self._stream.codec_context.skip_frame = "NONKEY" if skipping else "DEFAULT"

    def _every(self, frames: Iterator[Any]) -> Iterator[tuple[Any, int, int]]:
        for frame in frames:
            if self._last is not None and frame.pts is not None and frame.pts <= self._last:
                continue  # sent again after the connection broke
            self._last = self._times.of(frame)
            yield frame, self._last, time.monotonic_ns()

    def _complete(self) -> bool:
        if self._duration is None or self._last is None:
            return True
        seconds = float((self._last - self._origin) * self._timeline.time_base)
        return seconds >= self._duration - _CUT_SECONDS

    def _again(self) -> Any:
        """The first frame of the next connection; None where the stream ended and nobody sends any more."""
        clean = self._broken is None
        why = f"{self._shown} {'ended' if clean else 'broke off'}{self._because()}"
        pause = _FIRST_PAUSE
        for attempt in range(1, self._attempts + 1):
            log.warning("%s; connecting again (%d of %d)", why, attempt, self._attempts)
            if self._interrupted.wait(pause):
                return None
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                return self._reopen()
            except SourceError as error:
                why = str(error)
        if self._is_interrupted():
            return None
        if clean:
            log.warning("%s; it did not come back", why)
            return None
        raise SourceError(f"{why}; gave up after {self._attempts} attempts to connect again")

    def _reopen(self) -> Any:
        self._container.close()
        self._container = self._connect()
        self._reconnects += 1
        if self.live:
            self._timeline.reset()
            self._lag.reset()
            return self._begin()
        first = self._begin()
        try:
            self._container.seek(self._last or 0, stream=self._stream)
        except av.error.FFmpegError:
            return first  # a server without ranges sends it all again, and what was given is passed over
        self._frames = self._decoded()
        return next(self._frames, first)

    # -- words ---------------------------------------------------------------------------------------------------

    def _count_damage(self) -> None:
        self._damaged += 1

    def _because(self) -> str:
        return f" ({self._broken})" if self._broken else ""

    def _is_interrupted(self) -> bool:
        return hasattr(self, "_interrupted") and self._interrupted.is_set()

    @staticmethod
    def _why(error: BaseException, timeout: float) -> str:
        if isinstance(error, av.error.ExitError):
            return f"no answer within {timeout:g} s"
        if isinstance(error, av.error.HTTPUnauthorizedError | av.error.HTTPForbiddenError):
            return f"{reason(error)}; put user:password@ before the host"
        return reason(error)
