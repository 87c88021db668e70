"""The frame table of a source: when each frame is shown, for how long, and which are key frames, without decoding any."""

from __future__ import annotations

import io
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.capture.avio import video_stream
from rtskin.capture.images import ImageCapture
from rtskin.capture.kinds import kind_of
from rtskin.capture.span import Span
from rtskin.errors import InputError, NoFramesError, SourceError, reason
from rtskin.media import av

I64 = npt.NDArray[np.int64]

#: Columns of ``FrameTable.rows``.
PTS, DURATION, KEY = 0, 1, 2
#: In the first byte of a VP8 frame: it is shown. Others only serve to predict later ones.
_VP8_SHOWN = 0x10


@dataclass(frozen=True, eq=False)
class FrameTable:
    """Frames of a source in the order in which they are shown; a frame's number is its row.

    rows: int64 N×3: pts and duration in ticks of ``time_base`` (duration 0: not known), and 1 for a key frame.
    timed: every frame has a time of its own, so that a decoded frame is found by it. Without (a raw stream), a frame's
    number is its place when all are decoded from the beginning, and N only an estimate.
    """

    rows: I64
    time_base: Fraction
    timed: bool

    def __len__(self) -> int:
        return len(self.rows)

    def number_of(self, pts: int) -> int | None:
        """The number of the frame of that time; None where there is none."""
        place = int(np.searchsorted(self.rows[:, PTS], pts))
        return place if place < len(self) and self.rows[place, PTS] == pts else None

    def part(self, start: float | None, end: float | None) -> tuple[int, int]:
        """The frames (first, last + 1) with start ≤ t < end, in seconds from the first one; NoFramesError for none."""
        span = Span(start, end)
        if span.whole:
            return 0, len(self)
        if not self.timed:
            raise InputError(
                "this file has no times of its own, so a part cannot be named by seconds; render all of it"
            )
        origin = int(self.rows[0, PTS])
        seconds = [float((int(pts) - origin) * self.time_base) for pts in self.rows[:, PTS]]
        inside = [number for number, t in enumerate(seconds) if not (span.is_before(t) or span.is_after(t))]
        if not inside:
            raise NoFramesError(f"there is no frame between {span}; the last one is at {seconds[-1]:.2f} s")
        return inside[0], inside[-1] + 1

    def to_bytes(self) -> bytes:
        """The rows as a .npy file."""
        buffer = io.BytesIO()
        np.save(buffer, self.rows, allow_pickle=False)
        return buffer.getvalue()

    @classmethod
    def from_bytes(cls, data: bytes, time_base: Fraction, timed: bool) -> FrameTable:
        """The other way; ValueError where it is no such file."""
        return cls(np.load(io.BytesIO(data), allow_pickle=False), time_base, timed)


def read_table(uri: str) -> FrameTable:
    """The table of a video file or of images, in one pass over the packets.

    InputError for sources that have none (cameras, streams, generators); SourceError, NoFramesError.
    """
    kind = kind_of(uri)
    if kind in ("image", "images"):
        return _of_images(uri)
    if kind != "file":
        raise InputError(f"{uri} is not a file, so its frames cannot be listed before they are read")
    try:
        with av.open(uri) as container:
            return _of_packets(container, Path(uri).name)
    except (av.error.FFmpegError, OSError) as error:
        if isinstance(error, SourceError):
            raise
        raise SourceError(f"{uri} cannot be read as a video: {reason(error)}") from None


def _of_packets(container: Any, name: str) -> FrameTable:
    stream = video_stream(container, name)
    vp8 = stream.codec_context.name in ("vp8", "libvpx")
    rows = []
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets, None)
        except av.error.FFmpegError:
            break  # a file that breaks off here: what can be read is what there is
        if packet is None:
            break
        if packet.size and not packet.is_discard and not (vp8 and not bytes(packet)[0] & _VP8_SHOWN):
            rows.append((packet.pts, packet.duration or 0, int(packet.is_keyframe)))
    if not rows:
        raise NoFramesError(f"{name} holds no frames")
    pts = [row[PTS] for row in rows]
    timed = None not in pts and len(set(pts)) == len(pts)
    if timed:
        rows.sort()
    else:
        rows = [(number, 0, row[KEY]) for number, row in enumerate(rows)]
    return FrameTable(np.array(rows, np.int64), Fraction(stream.time_base), timed)


def _of_images(uri: str) -> FrameTable:
    with ImageCapture(uri) as images:
        times = images.times
        rows = [(pts, 1, 1) for pts in times]
        return FrameTable(np.array(rows, np.int64), 1 / Fraction(images.info.rate or 1), True)
