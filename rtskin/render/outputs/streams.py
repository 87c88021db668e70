"""What a source holds besides its pictures, copied packet by packet over the same stretch of time: audio, subtitles."""

from __future__ import annotations

import io
import logging
from collections.abc import Iterator, Sequence
from fractions import Fraction
from typing import Any

from rtskin.capture.container import video_stream
from rtskin.errors import SinkError, reason
from rtskin.media import av
from rtskin.render.outputs.about import describe_alike
from rtskin.render.outputs.formats import CONTAINERS, Kind
from rtskin.render.outputs.options import Copies

_log = logging.getLogger("rtskin.render")

Seconds = Fraction


class StreamCopy:
    """Copies streams of ``source`` (an open av input) into ``container`` (an av output), beginning at ``start``.

    start: time of the first picture in the source. shift: seconds that all times of the output are moved by. strict:
    audio that the container cannot hold is a SinkError; else, and for subtitles, a warning. Streams that cannot be read any
    further are a warning: the pictures are what was asked for. ``packets``: how many were copied.
    """

    def __init__(
        self, source: Any, container: Any, start: Seconds, shift: Seconds, copies: Copies, strict: bool = False
    ) -> None:
        self.packets = 0
        self._input, self._container, self._shift = source, container, shift
        self._waiting: Any = None
        self._cut_before: Seconds | None = None
        self._last_video: Seconds = start
        self._video = video_stream(source, source.name) if source.streams.video else None
        self._outputs = self._take(copies, strict)
        self._source: Iterator[Any] = self._read() if self._outputs and self._video else iter(())
        if not self._outputs or self._video is None:
            return
        begins = self._video.start_time
        if begins is not None and begins * self._video.time_base < start:
            self._cut_before = start
            self._input.seek(int(start * 1_000_000))

    def _take(self, copies: Copies, strict: bool) -> dict[int, Any]:
        """Streams of the output by the number of those they are copies of."""
        taken = {}
        for stream in streams_to_copy(self._input, copies):
            name = self._container.format.name
            if not _holds(name, stream):
                why = _misfit(stream, name, self._input, copies)
                if strict and stream.type == "audio":
                    raise _uncopied(why) from None
                _log.warning("the %s left out: %s", "audio is" if stream.type == "audio" else "subtitles are", why)
                continue
            output = self._container.add_stream_from_template(stream)
            describe_alike(stream, output, name)
            output.disposition = stream.disposition
            taken[stream.index] = output
        return taken

    def until(self, time: Seconds) -> None:
        """Copies what begins before ``time`` (in the source)."""
        while (packet := self._next()) is not None:
            if _time(packet) >= time:
                self._waiting = packet
                return
            self._copy(packet)

    def finish(self, end: Seconds, last: Seconds) -> None:
        """Copies the rest: up to ``end``, or all of it if no picture of the source comes after ``last``."""
        self.until(end)
        rest = []
        while self._last_video <= last and (packet := self._next()) is not None:
            rest.append(packet)
        if self._last_video <= last:
            for packet in rest:
                self._copy(packet)

    def _next(self) -> Any:
        packet, self._waiting = self._waiting, None
        return packet if packet is not None else next(self._source, None)

    def _read(self) -> Iterator[Any]:
        """Packets to copy; on the way, the time of the last picture is noted."""
        wanted = [self._input.streams[index] for index in self._outputs]
        try:
            for packet in self._input.demux(self._video, *wanted):
                if _time(packet) is None:
                    continue
                if packet.stream is self._video:
                    self._last_video = max(self._last_video, _time(packet))
                elif self._cut_before is None or _time(packet) + _length(packet) > self._cut_before:
                    yield packet
        except (av.error.FFmpegError, OSError) as error:
            _log.warning("the rest of the audio and subtitles is left out: %s", reason(error))

    def _copy(self, packet: Any) -> None:
        shift = round(self._shift / packet.time_base)
        packet.pts += shift
        if packet.dts is not None:
            packet.dts += shift
        if packet.pts < 0 and self._container.format.name in ("matroska", "webm"):
            return  # Matroska begins at 0, and would move the pictures to make room for the codec's run-up
        packet.stream = self._outputs[packet.stream.index]
        self._container.mux(packet)
        self.packets += 1


def streams_to_copy(source: Any, copies: Copies) -> list[Any]:
    """The audio and subtitle streams of an av input that are asked for and that a codec is known for."""
    kinds = {"all": ("audio", "subtitle"), "audio": ("audio",), "none": ()}[copies]
    return [stream for stream in source.streams if stream.type in kinds and stream.codec_context is not None]


def check_streams(source: Any, extension: str, copies: Copies, kind: Kind) -> None:
    """SinkError where the audio of an av input does not fit into files of that extension, naming those that hold it, and
    pictures of that kind."""
    container = CONTAINERS[extension].name
    others = [end for end, entry in CONTAINERS.items() if kind in entry.auto]
    for stream in streams_to_copy(source, copies):
        if stream.type == "audio" and not _holds(container, stream):
            raise _uncopied(_misfit(stream, container, source, copies, others))


def _uncopied(why: str) -> SinkError:
    return SinkError(f"the audio cannot be copied: {why}, or leave it out (--copies none)")


def _holds(container: str, stream: Any) -> bool:
    """Tried to the end: FLAC and Opus in .mov are only refused with the header, PCM of unknown places of its channels (as
    Matroska has it) in .mp4 only with the index, and only if there is something."""
    try:
        with av.open(io.BytesIO(), "w", format=container) as trial:
            copy = trial.add_stream_from_template(stream)
            trial.start_encoding()
            if stream.codec_context.name.startswith("pcm_"):
                trial.mux(_silence(copy, stream.codec_context.channels))
    except (av.error.FFmpegError, ValueError):
        return False
    return True


def _silence(stream: Any, channels: int) -> Any:
    packet = av.Packet(bytes(24 * channels))  # 24: whole samples of any size
    packet.stream, packet.pts, packet.dts = stream, 0, 0
    return packet


def _misfit(stream: Any, container: str, source: Any, copies: Copies, others: Sequence[str] = tuple(CONTAINERS)) -> str:
    """others: extensions that may be named in its place."""
    wanted = [other for other in streams_to_copy(source, copies) if other.type == stream.type]
    fitting = [end for end in others if all(_holds(CONTAINERS[end].name, other) for other in wanted)]
    elsewhere = f"use {' or '.join(fitting)}" if fitting else "convert it"
    return f"{stream.codec_context.name} does not fit into {container}; {elsewhere}"


def _time(packet: Any) -> Any:
    return None if packet.pts is None else packet.pts * packet.time_base


def _length(packet: Any) -> Seconds:
    return (packet.duration or 0) * Fraction(packet.time_base)
