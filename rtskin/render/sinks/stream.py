"""Pictures to a streaming server, as low-latency H.264."""

from __future__ import annotations

import logging
import time
from typing import Any

from pydantic import Field, field_validator

from rtskin.errors import SinkError, reason
from rtskin.frame import U8, Frame
from rtskin.media import av
from rtskin.node import Context, NodeOptions
from rtskin.render.sinks.sender import Sender, SendingSink, Shot
from rtskin.render.sinks.uplink import Uplink, check_url, shown

log = logging.getLogger("rtskin.render")

#: Seconds between two attempts to connect: the first, and the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
#: Without a new picture for so many seconds the last one is sent again: servers drop who is silent.
_SILENCE = 0.5


class StreamSink(SendingSink):
    """Rendered or Mask → ``rtmp://``, ``rtmps://``, ``rtsp://`` or ``srt://`` (by the program ffmpeg).

    A thread of its own encodes and sends the newest picture; others are dropped and counted while it is busy or not
    connected, so a slow or dead server never holds the stream up. A broken connection is made again, with pauses of 0.5, 1,
    2 … 8 s. InputError for a URL that cannot be.

    Counters: frames (pictures that came), sent (with those that were repeated), dropped, connects, bytes.
    """

    class Options(NodeOptions):
        url: str
        #: Kilobits a second; without, by the size of the picture.
        bitrate: int | None = Field(None, ge=50, le=200_000)
        #: x264's; slower ones look better at the same bitrate.
        preset: str = "veryfast"
        #: Seconds between key frames: who joins waits so long.
        key_every: float = Field(2.0, gt=0, le=60)

        @field_validator("url")
        @classmethod
        def _url(cls, value: str) -> str:
            return check_url(value)

    def open(self, context: Context) -> None:
        self._sender = _Sender(self.options)
        self._sender.start()

    def _begin(self, image: U8, frame: Frame) -> Sender:
        raise SinkError("the stream is not open; call open() first")


class _Sender(Sender):
    """Connects, and connects again. Figures: frames, sent, dropped, connects, bytes."""

    def __init__(self, options: Any) -> None:
        super().__init__(shown(options.url), "rtskin-stream")
        self._options = options
        self._figures |= dict.fromkeys(("dropped", "connects", "bytes"), 0)

    def show(self, picture: U8, captured_ns: int) -> None:
        with self._fresh:
            self._figures["dropped"] += self._newest is not None
            super().show(picture, captured_ns or time.monotonic_ns())

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while not self._stopping.is_set():
            begun = time.monotonic()
            try:
                self._send()
            except Exception as error:  # whatever it is, the next connection may work
                if time.monotonic() - begun > _LONGEST_PAUSE:
                    pause = _FIRST_PAUSE  # it worked for a while
                if not self._stopping.is_set():
                    log.warning("%s; connecting again in %g s", error, pause)
                self._stopping.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _send(self) -> None:
        """One connection, from its first picture until it breaks (SinkError) or the sink closes."""
        picture = self._take(None)
        if picture is None:
            return
        shape, waiting, connected = picture[0].shape, 0, False
        uplink = Uplink(self._options, shape)
        try:
            # A stream holds one shape: where that changes, the next connection has the new one.
            while picture is not None and picture[0].shape == shape:
                self._figures["bytes"] += uplink.send(*picture)
                waiting += 1
                if uplink.connected.is_set():
                    self._figures["connects"] += not connected
                    self._figures["sent"] += waiting
                    waiting, connected = 0, True
                picture = self._take(picture)
        except (OSError, ValueError, av.error.FFmpegError) as error:
            raise SinkError(f"{self._name} {'broke off' if connected else 'is not reached'}: {reason(error)}") from None
        finally:
            self._figures["dropped"] += waiting  # the program had them, and nobody took them
            uplink.close()

    def _take(self, last: Shot | None) -> Shot | None:
        """The newest picture, or ``last`` once more after a silence; None at the end."""
        with self._fresh:
            self._fresh.wait_for(lambda: self._newest or self._stopping.is_set(), _SILENCE if last else None)
            if self._stopping.is_set():
                return None
            newest, self._newest = self._newest, None
            return newest or (last and (last[0], time.monotonic_ns()))
