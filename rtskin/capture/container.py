"""A video file as a container: opening it, its stream of pictures, its packets, its length."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rtskin.capture.hardware import Hardware, open_accelerated
from rtskin.errors import NoFramesError, SourceError, reason
from rtskin.media import av


def open_file(path: Path, hardware: Hardware | None = None) -> Any:
    """The av container of a file; NoFramesError where it is empty, else SourceError, in words for people.

    hardware: what decodes it, in place of the processor; its errors.
    """
    try:
        return open_accelerated(hardware, path.name, os.fspath(path))
    except (av.error.InvalidDataError, av.error.EOFError):
        if path.stat().st_size == 0:
            raise NoFramesError(f"{path} is empty") from None
        raise SourceError(f"{path} is not a video, or its index is missing (a recording that was cut off)") from None
    except av.error.PermissionError:
        raise SourceError(f"{path} may not be read; check its permissions") from None
    except (av.error.FFmpegError, OSError, ValueError) as error:
        raise SourceError(f"{path} cannot be opened as a video: {reason(error)}") from None


def video_stream(container: Any, name: str) -> Any:
    """The stream to show; NoFramesError where there is none, SourceError where nothing decodes it."""
    pictures = [stream for stream in container.streams.video if not _is_cover(stream)]
    if not pictures:
        held = sorted({stream.type for stream in container.streams})
        instead = f", only {' and '.join(held)}" if held else ""
        raise NoFramesError(f"{name} holds no video{instead}")
    best = container.streams.best("video")
    chosen = best if best in pictures else pictures[0]
    if chosen.codec_context is None:
        raise SourceError(f"no decoder here for the video in {name}; convert it to H.264")
    return chosen


def is_shown(packet: Any) -> bool:
    """Whether a packet is to become a picture that people see.

    Not: the empty one at the end, what lies before the beginning of an edit list, and VP8's pictures that only serve as
    reference (RFC 6386, 9.1: the bit show_frame).
    """
    if not packet.size or packet.is_discard:
        return False
    return packet.stream.codec_context.name != "vp8" or bool(memoryview(packet)[0] & 0x10)


class Packets:
    """Packets of one stream, and an empty one that makes the decoder give what it holds back.

    A container that breaks in the middle ends them, too; ``broken`` says why.
    """

    def __init__(self, container: Any, stream: Any) -> None:
        self._source: Iterator[Any] = container.demux(stream)
        self.broken: str | None = None

    def __iter__(self) -> Iterator[Any]:
        return self

    def __next__(self) -> Any:
        if self.broken:
            raise StopIteration
        try:
            return next(self._source)
        except av.error.FFmpegError as error:
            self.broken = reason(error)
            return av.Packet()


def length_of(container: Any, stream: Any) -> tuple[float | None, bool]:
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


def _is_cover(stream: Any) -> bool:
    """A cover picture in a sound file is a video stream to FFmpeg, not to people."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)
