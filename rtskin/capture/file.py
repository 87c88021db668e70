"""Video files, by PyAV: the container's own times, every frame once, damage passed over and counted."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtskin.capture import seek
from rtskin.capture.avio import Pictures, describe
from rtskin.capture.container import Packets, length_of, open_file
from rtskin.capture.decoded import Bounds, DecodedCapture
from rtskin.capture.decoder import Decoder
from rtskin.capture.hardware import hardware_for, none_came
from rtskin.capture.identity import Identity
from rtskin.capture.said import CUT_SHORT
from rtskin.capture.span import Point, Span
from rtskin.capture.table import FrameTable, frame_table
from rtskin.errors import InputError, NoFramesError

log = logging.getLogger("rtskin.capture")

#: A video that ends this much before its container says so was cut off; more where the length may be the audio's.
_CUT_SECONDS, _CUT_SECONDS_UNSURE = 0.2, 1.0


class FileCapture(DecodedCapture):
    """A video file.

    start, end: seconds from the file's first frame, or as rtskin.capture.span.Point; frames with start ≤ t < end are given.
    first, last: numbers of frames in the order of showing, from 0 (rtskin.capture.table); first ≤ n < last. They are found
    from the packets, and decoding begins at the last key frame from which the pictures are the same as in the whole file.
    pts stay the file's own; ``info`` but for its length is that of the whole file. threads: to decode in; with 1, pictures
    that are damaged look the same on every machine (None: as many as help). decode: "cuda" or "cuda:N", an NVIDIA GPU, in
    place of the processor ("cpu"); pictures that are not damaged are the same.

    Counters: those of DecodedCapture, and truncated (1: the file ends too early).
    NoFramesError: nothing can be decoded, or (when read) nothing lies in the span. SourceError: no video; the file was
    changed while it was read. RuntimeUnavailableError: there is no such GPU, or it cannot decode this video.
    """

    def __init__(
        self,
        uri: str | os.PathLike[str],
        *,
        start: Point | None = None,
        end: Point | None = None,
        first: int | None = None,
        last: int | None = None,
        threads: int | None = None,
        decode: str | None = None,
    ) -> None:
        if threads is not None and threads < 1:
            raise InputError(f"a file is decoded in 1 thread or more, not {threads}")
        self._span = Span.between(start, end, first, last)
        self._threads = threads
        self._path = Path(uri)
        self._truncated = 0
        self._hardware = hardware_for(decode)
        self._container = open_file(self._path, self._hardware)
        try:
            self._begin()
        except BaseException:
            self._container.close()
            raise

    def _begin(self) -> None:
        self._identity = Identity.of(self._path)
        decoder = Decoder(self._container, self._path.name, self._threads, self._hardware)
        item = decoder.next()
        if item is None:
            why = f" ({decoder.broken})" if decoder.broken else ""
            otherwise = f"no picture in {self._path.name} can be decoded{why}"
            raise none_came(self._hardware, decoder.stream.codec_context, self._path.name, otherwise)
        frame, self._origin = item
        timed = frame.pts is not None or frame.dts is not None
        info, orient = describe(decoder.stream, frame, self._path.name)
        self._length, self._sure = length_of(self._container, decoder.stream)
        self._table = frame_table(self._path) if self._span.numbered else None
        bounds = _bounds(self._span, self._table, self._origin, decoder.base)
        info = replace(info, path=str(self._path), **self._estimate(decoder, info.rate))
        super().__init__(info, decoder, Pictures(orient, info.name), item, bounds)
        if timed and bounds.low is not None and bounds.low > self._origin:
            self._ahead = None
            self._go_to(bounds.low)

    def close(self) -> None:
        super().close()
        self._container.close()

    def counters(self) -> dict[str, int | float | str]:
        return {**super().counters(), "truncated": self._truncated}

    # -- the beginning -------------------------------------------------------------------------------------------

    def _go_to(self, pts: int) -> None:
        """Lets the decoder begin so that the pictures from ``pts`` on are exact."""
        found = None if self._table else seek.to_entry_before(self._container, self._decoder.stream, pts)
        packets, first = found or self._by_table(pts)
        self._decoder.restart(packets, first, pts, self._bounds.high)

    def _by_table(self, pts: int) -> tuple[Packets, Any]:
        """By number where that was asked for, and where the container's index leads nowhere."""
        table = self._table or frame_table(self._path)
        row = table.entry_before(table.number_at(pts)) if table.timed else 0
        if row:
            entry = int(table.pts[row])
            if found := seek.to_packet(self._container, self._decoder.stream, entry, seek=True):
                return found
            self._reopen()
            if found := seek.to_packet(self._container, self._decoder.stream, entry, seek=False):
                return found
        self._reopen()
        return Packets(self._container, self._decoder.stream), None

    def _reopen(self) -> None:
        self._container.close()
        self._container = open_file(self._path, self._hardware)
        self._decoder = Decoder(self._container, self._path.name, self._threads, self._hardware)

    def _estimate(self, decoder: Decoder, rate: Fraction | None) -> dict[str, Any]:
        """frames and duration of what will be given."""
        table = self._table
        if table is not None and self._length is not None:
            count = len(range(len(table))[self._span.first : self._span.last])
            return {"duration": self._length * count / max(1, len(table)), "frames": count}
        if self._length is None:
            return {}
        seconds = self._span.seconds_of(self._length)
        frames = decoder.stream.frames if self._span.whole else 0
        return {"duration": seconds, "frames": frames or (round(seconds * rate) if rate else None)}

    # -- the end -------------------------------------------------------------------------------------------------

    def _finish(self, complete: bool) -> None:
        self._identity.require_same(self._path)
        if self._seq == 0 and not self._decoder.losses.lost:
            raise NoFramesError(f"{self._path.name} has no frame between {self._span}; {self._about_length()}")
        if complete:
            self._check_length()

    def _check_length(self) -> None:
        """Was that all that the container promised?"""
        seconds, broken = self._seconds(), self._decoder.broken
        margin = max(_CUT_SECONDS if self._sure else _CUT_SECONDS_UNSURE, 2 * self._frame_seconds())
        if broken or (self._length is not None and seconds < self._length - margin):
            self._truncated = 1
            why = f" ({broken})" if broken else ""
            log.warning(CUT_SHORT, self._path.name, why, seconds, extra={"uri": self.info.path})

    def _about_length(self) -> str:
        if self._table is not None:
            return f"it has {len(self._table)} frames"
        return f"it is {self._length or self._seconds():.2f} s long"

    def _seconds(self) -> float:
        reached = self._origin if self._reached is None else self._reached
        return float((reached - self._origin) * self._decoder.base)

    def _frame_seconds(self) -> float:
        return float(1 / self.info.rate) if self.info.rate else 0.0


def _bounds(span: Span, table: FrameTable | None, origin: int, base: Fraction) -> Bounds:
    """Of a span, in a file whose first frame is at the pts ``origin``."""
    low, high = (None if ticks is None else origin + ticks for ticks in (span.low(base), span.high(base)))
    if table is None:
        return Bounds(low, high)
    first, last = span.first or 0, span.last
    if not table.timed:
        return Bounds(low, high, first, last)
    behind = int(table.pts[-1]) + 1
    lows = [low, (int(table.pts[first]) if first < len(table) else behind) if first else None]
    highs = [high, int(table.pts[last]) if last is not None and last < len(table) else None]
    return Bounds(max(_known(lows), default=None), min(_known(highs), default=None))


def _known(values: list[int | None]) -> list[int]:
    return [value for value in values if value is not None]
