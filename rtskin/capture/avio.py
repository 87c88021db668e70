"""What files, pipes and network streams have in common: decoding packet by packet, times that are whole."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Any

from rtskin.capture.hardware import Hardware
from rtskin.capture.orient import Orienter
from rtskin.capture.picture import AvPicture, Converter, color_of
from rtskin.capture.raster import fields_of, pixel_aspect_of
from rtskin.frame import SourceInfo
from rtskin.media import av

log = logging.getLogger("rtskin.capture")

#: Used where neither the container nor the codec says a rate.
DEFAULT_RATE = Fraction(25)
#: More decoding threads than this bring nothing at the sizes of live video, and each holds frames back.
_MOST_THREADS = 4
#: On two processors, pictures up to this many pixels are decoded in one thread. It is the source's own and keeps up (720p
#: H.264: 2.2 ms a frame); a second costs 0.3 ms of CPU a frame, which the network then lacks: live at full speed runs at
#: 0.95 of the frames a second.
_ONE_THREAD_PIXELS = 1920 * 1088


def use_threads(stream: Any, kind: str, threads: int | None = None) -> None:
    """Decode in several threads. "AUTO" also decodes frames ahead of each other; "SLICE" adds no delay.

    threads: so many; None: as many as help here. What a *damaged* picture looks like depends on their number: H.264 and
    MPEG-2 fill its holes from other pictures, which are further or not as far. With one it is always the same.
    """
    context = stream.codec_context
    context.thread_type = kind
    context.thread_count = threads or _threads(len(_processors()), context.width * context.height)


def set_up(stream: Any, hardware: Hardware | None, name: str, kind: str, threads: int | None = None) -> None:
    """Have the stream ``name`` (of messages) decoded by ``hardware``, whose errors come, or by the processor in threads of
    that kind (:func:`use_threads`)."""
    if hardware is None:
        use_threads(stream, kind, threads)
        return
    hardware.takes(stream, name)
    use_threads(stream, "SLICE", 1)


def _threads(processors: int, pixels: int) -> int:
    return 1 if processors <= 2 and pixels <= _ONE_THREAD_PIXELS else min(processors, _MOST_THREADS)


def rate_of(stream: Any) -> Fraction | None:
    """Frames a second; None where nothing sensible is said."""
    for rate in (stream.average_rate, stream.guessed_rate):
        if rate and 0 < rate <= 1000:
            return Fraction(rate)
    return None


def decode(
    stream: Any, packets: Iterator[Any], damaged: Callable[[], None], hardware: Hardware | None = None, name: str = ""
) -> Iterator[Any]:
    """The av.VideoFrames in ``packets``, those held back at the end included; damage is reported and passed over.

    hardware: what decodes the stream ``name`` (of messages), in place of the processor; its errors.
    """
    for packet in packets:
        try:
            frames = stream.codec_context.decode(packet)
        except av.error.FFmpegError:
            if hardware is not None:
                hardware.refused(packet, stream.codec_context, name)
            damaged()
            continue
        spoilt = packet.is_corrupt
        for frame in frames:
            spoilt = spoilt or frame.is_corrupt
            if frame.width and frame.height:
                yield frame if hardware is None else hardware.down(frame)
        if spoilt:
            damaged()


def describe(stream: Any, first: Any, name: str) -> tuple[SourceInfo, Orienter]:
    """What is known once the first frame is there; size as it will be after turning."""
    orient = Orienter(first, name)
    width, height = first.width, first.height
    if orient.degrees in (90, 270):
        width, height = height, width
    info = SourceInfo(
        name=name,
        width=width,
        height=height,
        rate=rate_of(stream),
        rotation=orient.degrees,
        color=color_of(first),
        pixel_aspect=pixel_aspect_of(stream, orient.degrees),
        fields=None if orient.turns else fields_of(first),
    )
    if info.color.matrix in ("ycgco", "ictcp"):
        log.warning("%s is in %s colours, which are not converted; its colours will be wrong", name, info.color.matrix)
    return info, orient


class Pictures:
    """av.VideoFrames of one source to pictures: turned, with one converter for all; says once that they are interlaced."""

    def __init__(self, orient: Orienter, name: str) -> None:
        self._orient, self._converter, self._name = orient, Converter(), name
        self._said = False

    def of(self, frame: Any) -> AvPicture:
        if frame.interlaced_frame and not self._said:
            self._said = True
            log.warning(
                "%s is interlaced: each mask is of both fields of its frame; for one a field, deinterlace it first"
                " (ffmpeg -vf bwdif)",
                self._name,
            )
        return AvPicture(self._orient.apply(frame), self._converter)


class Times:
    """pts that exist and grow. Missing ones and steps backwards are filled in and counted in ``retimed``."""

    def __init__(self, time_base: Fraction, rate: Fraction | None) -> None:
        self._step = max(1, round(1 / ((rate or DEFAULT_RATE) * time_base)))
        self._last: int | None = None
        self.retimed = 0

    def of(self, frame: Any) -> int:
        """The pts of an av.VideoFrame, in ticks of its stream; the next one of the rhythm where it has none."""
        pts = frame.pts if frame.pts is not None else frame.dts
        if pts is None or (self._last is not None and pts <= self._last):
            self.retimed += 1
            pts = 0 if self._last is None else self._last + (frame.duration or self._step)
        self._last = int(pts)
        return self._last

    def reset(self) -> None:
        """After a seek, times may step backwards."""
        self._last = None


def _processors() -> set[int] | range:
    if hasattr(os, "sched_getaffinity"):
        return os.sched_getaffinity(0)
    return range(os.cpu_count() or 1)
