"""Pictures with times into an encoded video stream of a container."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtskin.frame import U8, Color
from rtskin.media import av, cv2
from rtskin.render.sinks.encoding import Encoding
from rtskin.render.sinks.yuv import YuvWriter, matrix_for, plane_of

_PRIMARIES = {
    "bt709": 1, "bt470m": 4, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "film": 8, "bt2020": 9,
    "smpte428": 10, "smpte431": 11, "smpte432": 12,
}  # fmt: skip
_TRANSFERS = {
    "bt709": 1, "gamma22": 4, "bt470m": 4, "gamma28": 5, "bt470bg": 5, "smpte170m": 6, "smpte240m": 7, "linear": 8,
    "iec61966-2-4": 11, "iec61966-2-1": 13, "bt2020-10": 14, "bt2020-12": 15, "smpte2084": 16, "arib-std-b67": 18,
}  # fmt: skip
_LIMITED, _FULL = 1, 2

#: AV_CODEC_FLAG_FRAME_DURATION: without it encoders put the nominal duration in place of the frame's.
_FRAME_DURATION = 1 << 8


def open_container(path: Path, container: str, time_base: Fraction) -> Any:
    """An av container for writing, whose times come back as they were given."""
    # Nothing that changes from run to run (dates, random ids) is written.
    options = {"fflags": "+bitexact"}
    if container in ("mp4", "mov"):
        # A late start is an entry in the edit list, in ticks of the movie, which are milliseconds unless told.
        options["movie_timescale"] = str(time_base.denominator)
    return av.open(str(path), "w", format=container, options=options)


class VideoWriter:
    """One video stream of ``container``. Pictures: uint8 H×W×3 (BGR) or H×W, all of the size given."""

    def __init__(
        self,
        container: Any,
        encoding: Encoding,
        size: tuple[int, int],
        time_base: Fraction,
        rate: Fraction | None,
        color: Color,
        threads: int,
    ) -> None:
        self._container, self._encoding = container, encoding
        width, height = size
        matrix = matrix_for(color, width, height)
        self._stream = container.add_stream(encoding.encoder, rate=rate or 30, options=dict(encoding.options))
        self._stream.width, self._stream.height = width, height
        self._stream.pix_fmt = encoding.pixel_format
        self._stream.time_base = time_base
        context = self._stream.codec_context
        context.time_base = time_base
        context.thread_count = threads
        context.flags |= _FRAME_DURATION
        context.color_range = _FULL if encoding.full_range else _LIMITED
        if encoding.pixel_format.startswith("yuv"):
            context.colorspace = matrix.number
        context.color_primaries = _PRIMARIES.get(color.primaries, 2)
        context.color_trc = _TRANSFERS.get(color.transfer, 2)
        self._frame = av.VideoFrame(width, height, encoding.pixel_format)
        self._frame.time_base = time_base
        self._frame.color_range = context.color_range
        self._held: Any = None
        self._lead = self._end = 0
        self._yuv = YuvWriter(matrix, subsampled=encoding.pixel_format == "yuv420p")

    def write(self, image: U8, pts: int, duration: int) -> None:
        """The next picture; pts and duration in ticks of the time base."""
        # The encoder may still hold the frame: then its pixels are copied before they are written over.
        self._frame.make_writable()
        self._fill(image)
        self._frame.pts, self._frame.duration = pts, duration
        self._end = pts + duration
        self._mux(self._stream.encode(self._frame))

    def finish(self) -> None:
        """What the encoder still holds."""
        self._mux(self._stream.encode(None))
        if self._held is not None:
            if self._container.format.name != "matroska":
                self._held.duration = self._duration_of_last(self._held)
            self._container.mux(self._held)

    def _mux(self, packets: Iterable[Any]) -> None:
        for packet in packets:
            if self._held is None:
                self._lead = packet.pts - packet.dts
            else:
                self._container.mux(self._held)
            self._held = packet

    def _duration_of_last(self, packet: Any) -> int:
        # mp4 and mov add up durations in the order of decoding, whose last picture may not be the last that is shown.
        return max(1, self._end - (packet.dts + self._lead))

    def _fill(self, image: U8) -> None:
        form = self._encoding.pixel_format
        if form == "bgr0":
            height, width = image.shape[:2]
            pixels = plane_of(self._frame, 0)[:, : 4 * width].reshape(height, width, 4)
            pixels[..., :3] = image
            return
        if image.ndim == 3:
            self._yuv.write(image, self._frame)
            return
        plane_of(self._frame, 0)[:, : image.shape[1]] = image
        for index in range(1, len(self._frame.planes)):
            plane_of(self._frame, index)[:] = 128


def as_color(image: U8, out: U8) -> U8:
    """A matte as a grey BGR picture, in out (uint8 H×W×3)."""
    cv2.cvtColor(image, cv2.COLOR_GRAY2BGR, dst=out)
    return out
