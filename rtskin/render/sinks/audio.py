"""Audio of the source, copied packet by packet, over the same stretch of time as the pictures."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from fractions import Fraction
from typing import Any

from rtskin.errors import reason
from rtskin.media import av

_log = logging.getLogger("rtskin.render")

Seconds = Fraction


class AudioCopy:
    """Copies the audio of the file ``path`` into ``container`` (an av output), beginning at ``start``.

    start: time of the first picture in the source. shift: seconds that all times of the output are moved by.
    ``packets``: how many were copied. Without audio in the source nothing happens; audio that the container cannot hold, or
    that cannot be read any further, is a warning, for the pictures are what was asked for.
    """

    def __init__(self, path: str, container: Any, start: Seconds, shift: Seconds) -> None:
        self.packets = 0
        self._container, self._shift = container, shift
        self._input: Any = None
        self._source: Iterator[Any] = iter(())
        self._waiting: Any = None
        self._cut_before: Seconds | None = None
        self._last_video: Seconds = start
        self._open(path)
        if self._input is None:
            return
        begins = self._video.start_time
        if begins is not None and begins * self._video.time_base < start:
            self._cut_before = start
            self._input.seek(int(start * 1_000_000))
        self._source = self._read()

    def _open(self, path: str) -> None:
        try:
            source = av.open(path)
        except (av.error.FFmpegError, OSError) as error:
            _log.warning("the audio of %s is left out: %s", path, reason(error))
            return
        if not source.streams.audio or not source.streams.video:
            source.close()
            return
        self._audio, self._video = source.streams.audio[0], source.streams.video[0]
        try:
            self._output = self._container.add_stream_from_template(self._audio)
        except (av.error.FFmpegError, ValueError):
            name, form = self._audio.codec_context.name, self._container.format.name
            hint = "" if form == "matroska" else "; .mkv and .mov hold more kinds"
            _log.warning("the audio is left out: %s does not fit into %s%s", name, form, hint)
            source.close()
            return
        self._input = source

    def until(self, time: Seconds) -> None:
        """Copies what begins before ``time`` (in the source)."""
        while self._input is not None and (packet := self._next()) is not None:
            if _time(packet) >= time:
                self._waiting = packet
                return
            self._copy(packet)

    def finish(self, end: Seconds, last: Seconds) -> None:
        """Copies the rest: up to ``end``, or all of it if no picture of the source comes after ``last``."""
        self.until(end)
        rest = []
        while self._input is not None and (packet := self._next()) is not None and self._last_video <= last:
            rest.append(packet)
        if self._last_video <= last:
            for packet in rest:
                self._copy(packet)

    def close(self) -> None:
        if self._input is not None:
            self._input.close()
            self._input = None

    def _next(self) -> Any:
        packet, self._waiting = self._waiting, None
        return packet if packet is not None else next(self._source, None)

    def _read(self) -> Iterator[Any]:
        """Packets of audio; on the way, the time of the last picture is noted."""
        try:
            for packet in self._input.demux(self._audio, self._video):
                if _time(packet) is None:
                    continue
                if packet.stream is self._video:
                    self._last_video = max(self._last_video, _time(packet))
                elif self._cut_before is None or _time(packet) + _length(packet) > self._cut_before:
                    yield packet
        except (av.error.FFmpegError, OSError) as error:
            _log.warning("the rest of the audio is left out: %s", reason(error))

    def _copy(self, packet: Any) -> None:
        shift = round(self._shift / packet.time_base)
        packet.pts += shift
        if packet.dts is not None:
            packet.dts += shift
        if packet.pts < 0 and self._container.format.name == "matroska":
            return  # Matroska begins at 0, and would move the pictures to make room for the codec's run-up
        packet.stream = self._output
        self._container.mux(packet)
        self.packets += 1


def _time(packet: Any) -> Any:
    return None if packet.pts is None else packet.pts * packet.time_base


def _length(packet: Any) -> Seconds:
    return (packet.duration or 0) * Fraction(packet.time_base)
