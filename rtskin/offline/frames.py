"""The frame table of any source that has one, the part of it that is asked for, and the table as a file."""

from __future__ import annotations

import io
from fractions import Fraction

import numpy as np

from rtskin.capture.images import ImageCapture
from rtskin.capture.kinds import kind_of
from rtskin.capture.span import Point, Span
from rtskin.capture.table import FrameTable, frame_table
from rtskin.errors import InputError, NoFramesError

Part = tuple[int, int]


def read_table(uri: str) -> FrameTable:
    """The table of a video file, or of images, of which each is a key frame.

    InputError for sources that have none (cameras, streams, generators); SourceError, NoFramesError.
    """
    kind = kind_of(uri)
    if kind == "file":
        return frame_table(uri)
    if kind not in ("image", "images"):
        raise InputError(f"{uri} is not a file, so its frames cannot be listed before they are read")
    with ImageCapture(uri) as images:
        pts = np.array(images.times, np.int64)
        every = np.ones(len(pts), np.bool_)
        return FrameTable(1 / Fraction(images.info.rate or 1), pts, np.ones_like(pts), every, every, True)


def part_of(uri: str, table: FrameTable, start: Point | None, end: Point | None) -> Part:
    """Which frames, first … last − 1, lie in a span (rtskin.capture.span). NoFramesError: none does; InputError."""
    span = Span.between(start, end)
    if span.whole:
        return 0, len(table)
    inside = _of_images(uri, table, start, end) if kind_of(uri) != "file" else _of_video(table, span)
    if not inside.size:
        seconds = float(int(table.pts[-1] - table.pts[0]) * table.time_base)
        raise NoFramesError(
            f"there is no frame between {span}; the last one, number {len(table) - 1}, is at {seconds:.2f} s"
        )
    return int(inside[0]), int(inside[-1]) + 1


def _of_images(
    uri: str, table: FrameTable, start: Point | None, end: Point | None
) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Images may be named by the numbers in their names, which their capture knows."""
    with ImageCapture(uri, start=start, end=end) as images:
        return np.flatnonzero(np.isin(table.pts, images.times))


def _of_video(table: FrameTable, span: Span) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    if not table.timed and (span.start is not None or span.end is not None):
        raise InputError("this file has no times of its own; name a part of it by frames: --start 100f --end 200f")
    numbers = np.arange(len(table))
    ticks = table.pts - table.pts[0]
    low, high = span.low(table.time_base), span.high(table.time_base)
    inside = (numbers >= (span.first or 0)) & (numbers < (len(table) if span.last is None else span.last))
    inside &= ticks >= (0 if low is None else low)
    return np.flatnonzero(inside if high is None else inside & (ticks < high))


def to_bytes(table: FrameTable) -> bytes:
    """The rows as a .npy file: int64 N×4, pts and duration in ticks, key frame, entry (rtskin.capture.table)."""
    buffer = io.BytesIO()
    columns = (table.pts, table.duration, table.key, table.entry)
    np.save(buffer, np.stack([column.astype(np.int64) for column in columns], 1), allow_pickle=False)
    return buffer.getvalue()


def from_bytes(data: bytes, time_base: Fraction, timed: bool) -> FrameTable:
    """The other way; ValueError where it is no such file."""
    pts, duration, key, entry = np.load(io.BytesIO(data), allow_pickle=False).T
    return FrameTable(time_base, pts, duration, key.astype(np.bool_), entry.astype(np.bool_), timed)


def number_of(table: FrameTable, pts: int) -> int | None:
    """The row of that time; None where there is none."""
    row = table.number_at(pts)
    return row if row < len(table) and table.pts[row] == pts else None
