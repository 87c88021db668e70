"""Files are decoded again before they get their name: every time is there, and pictures are what was written."""

from __future__ import annotations

from array import array
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import SinkError
from rtskin.media import av
from rtskin.render.outputs.formats import Encoding
from rtskin.render.outputs.pixels import Plane, channels_of, layout_of

#: Pictures that are compared: so many at most, spread evenly over the file.
_PICTURES = 12
#: Of each, every so manieth row of every plane is kept: enough for what goes wrong, and a sixteenth of the memory.
_ROWS = 16


class Written:
    """Remembers what is written into a file: the time of every picture, and rows of a few."""

    def __init__(self, encoding: Encoding, time_base: Fraction) -> None:
        self._encoding, self._time_base = encoding, time_base
        self._times = array("q")
        self._kept: dict[int, list[Plane]] = {}
        self._step = 1

    def add(self, picture: Any, pts: int) -> None:
        """The next picture, an av.VideoFrame as the encoder gets it."""
        number = len(self._times)
        self._times.append(pts)
        if number % self._step:
            return
        self._kept[number] = [channel[::_ROWS].copy() for channel in channels_of(picture)]
        if len(self._kept) > _PICTURES:
            self._step *= 2
            self._kept = {number: rows for number, rows in self._kept.items() if number % self._step == 0}

    def verify(self, path: Path, name: str) -> None:
        """SinkError, saying at which picture, where the file under ``path`` does not hold what was written."""
        try:
            with av.open(str(path)) as container:
                stream = container.streams.video[0]
                self._verify_times(container, stream, name)
                decoder = _decoder(stream, self._encoding)
                for number, rows in sorted(self._kept.items()):
                    self._verify_picture(
                        _at(container, stream, decoder, self._stamp(stream, number)), rows, number, name
                    )
        except av.error.FFmpegError as error:
            raise SinkError(f"{name} cannot be decoded again ({error.strerror}); it was not kept") from error

    def _verify_times(self, container: Any, stream: Any, name: str) -> None:
        found = sorted(packet.pts for packet in container.demux(stream) if packet.pts is not None)
        if len(found) != len(self._times):
            raise SinkError(f"{name} holds {len(found)} pictures of the {len(self._times)} written; it was not kept")
        for number, pts in enumerate(found):
            if abs(pts - self._stamp(stream, number)) > 1:
                raise SinkError(f"{name} shows picture {number} at another time than was written; it was not kept")

    def _stamp(self, stream: Any, number: int) -> int:
        return round(self._times[number] * self._time_base / stream.time_base)

    def _verify_picture(self, frame: Any, rows: list[Plane], number: int, name: str) -> None:
        if frame is None:
            raise SinkError(f"picture {number} of {name} cannot be decoded again; it was not kept")
        form = self._encoding.pixel_format
        planes = channels_of(frame) if layout_of(frame.format.name).planar else _packed(frame, form)
        scale = _unit(form) / _unit(frame.format.name)
        if len(planes) < len(rows):
            raise SinkError(f"{name} has lost its alpha at picture {number}; it was not kept")
        for plane, kept in zip(planes, rows, strict=False):
            found = plane[::_ROWS]
            off = np.inf if found.shape != kept.shape else _distance(found, kept, scale, _unit(form))
            if off > self._encoding.tolerance:
                raise SinkError(
                    f"picture {number} of {name} does not decode to what was written (off by {off:.1f} of 255 on average); "
                    "it was not kept"
                )


def _distance(found: Plane, kept: Plane, scale: float, unit: float) -> float:
    """Mean of the differences, in codes of 8 bits."""
    return float(np.abs(found * scale - kept.astype(np.float64)).mean() / unit)


def _unit(form: str) -> float:
    """Codes of that format to one of 8 bits; decoders may give more bits than were encoded."""
    return float(2 ** (layout_of(form).bits - 8))


def _packed(frame: Any, form: str) -> list[Plane]:
    return channels_of(frame if frame.format.name == form else frame.reformat(format=form))


def _decoder(stream: Any, encoding: Encoding) -> Any:
    """FFmpeg's own VP9 decoder does not see alpha, libvpx does."""
    if encoding.encoder != "libvpx-vp9":
        return stream.codec_context
    return av.CodecContext.create("libvpx-vp9", "r")


def _at(container: Any, stream: Any, decoder: Any, pts: int) -> Any:
    """The picture at that time; None where there is none."""
    container.seek(max(0, pts), stream=stream)
    decoder.flush_buffers()
    for packet in container.demux(stream):
        for frame in decoder.decode(packet):
            if frame.pts is not None and abs(frame.pts - pts) <= 1:
                return frame
            if frame.pts is not None and frame.pts > pts + 1:
                return None
    return None
