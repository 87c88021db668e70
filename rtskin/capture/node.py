"""The node that reads a source."""

from __future__ import annotations

import logging
import threading
import time
from typing import Any, ClassVar, Literal

from pydantic import Field, ValidationInfo, field_validator

from rtskin.capture.base import Capture
from rtskin.capture.kinds import check_source, open_source
from rtskin.capture.pace import Pacer
from rtskin.capture.span import Point, Span
from rtskin.errors import SourceError
from rtskin.frame import Frame, SourceInfo
from rtskin.node import Context, NodeOptions, Source

log = logging.getLogger("rtskin.capture")


class SourceOptions(NodeOptions):
    """uri and options as for ``rtskin.open_source``.

    pace: "source" plays a file as fast as its times say, like a camera; "max" waits for nothing and drops nothing.
    """

    uri: str | int = 0
    pace: Literal["source", "max"] = "source"
    start: Point | None = None
    end: Point | None = None
    width: int | None = Field(default=None, gt=0)
    height: int | None = Field(default=None, gt=0)
    rate: float | None = Field(default=None, gt=0)
    lock: bool | None = None
    decode: str | None = None
    reconnect: int | None = Field(default=None, ge=0)

    @field_validator("decode")
    @classmethod
    def _decodes(cls, decode: str | None) -> str | None:
        if decode is not None:
            from rtskin.capture.hardware import check_decode  # late: it loads FFmpeg

            check_decode(decode)
        return decode

    @field_validator("start")
    @classmethod
    def _begins(cls, start: Point | None) -> Point | None:
        Span.between(start)
        return start

    @field_validator("end")
    @classmethod
    def _ends(cls, end: Point | None, info: ValidationInfo) -> Point | None:
        Span.between(info.data.get("start"), end)
        return end


class SourceNode(Source):
    """Frames of a camera, file, stream, image sequence, pattern or demo.

    info: what is known of the source; None until the node is open.
    """

    gives: ClassVar[type | None] = Frame
    Options = SourceOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self.live = self.options.pace == "source"
        self.info: SourceInfo | None = None
        self._capture: Capture | None = None
        self._pacer: Pacer | None = None
        self._interrupted = threading.Event()
        self._counters: dict[str, int | float | str] = {}

    def check(self) -> None:
        check_source(self.options.uri, **self._options())

    def open(self, context: Context) -> None:
        capture = open_source(self.options.uri, **self._options())
        self._capture, self.info = capture, capture.info
        if self._interrupted.is_set():
            capture.interrupt()
        if self.live and not capture.self_paced:
            rate = capture.info.rate
            self._pacer = Pacer(float(rate) if rate else None)

    def read(self) -> Frame | None:
        if self._capture is None:
            raise SourceError("the source is not open; call open() first")
        frame = self._capture.read()
        if frame is None or self._pacer is None:
            return frame
        delay = self._pacer.delay(frame.time, time.monotonic())
        if delay > 0 and self._interrupted.wait(delay):
            return None
        # A camera's frame comes into being when it is due; so does this one, and latencies are counted from here.
        frame.captured_ns = time.monotonic_ns()
        return frame

    def _options(self) -> dict[str, Any]:
        return self.options.model_dump(exclude={"uri", "pace"}, exclude_none=True)

    def interrupt(self) -> None:
        self._interrupted.set()
        if self._capture is not None:
            self._capture.interrupt()

    def close(self) -> None:
        if self._capture is not None:
            self._counters = self._capture.counters()
            capture, self._capture = self._capture, None
            capture.close()

    def counters(self) -> dict[str, int | float | str]:
        capture = self._capture
        return self._counters if capture is None else capture.counters()
