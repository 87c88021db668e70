"""Pictures with times into an encoded video stream of a container."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtskin.media import av
from rtskin.render.outputs.color import FULL, LIMITED, UNSPECIFIED, Tags
from rtskin.render.outputs.formats import Encoding, Kind
from rtskin.render.outputs.mark import Marker, Raster
from rtskin.render.outputs.pixels import layout_of

#: AV_CODEC_FLAG_FRAME_DURATION: without it encoders put the nominal duration in place of the frame's.
_FRAME_DURATION = 1 << 8


def open_container(path: Path, container: str, time_base: Fraction, options: dict[str, str] | None = None) -> Any:
    """An av container for writing, whose times come back as they were given."""
    # Nothing that changes from run to run (dates, random ids) is written.
    options = {"fflags": "+bitexact", **(options or {})}
    if container in ("mp4", "mov"):
        # A late start is an entry in the edit list, in ticks of the movie, which are milliseconds unless told.
        options["movie_timescale"] = str(time_base.denominator)
    return av.open(str(path), "w", format=container, options=options)


class VideoWriter:
    """One video stream of ``container``. Pictures: av.VideoFrames of the encoding's format and of the size given.

    tags: what the stream says of its colours. raster: what it says of its pixels and fields. threads: of the encoder.
    """

    def __init__(
        self,
        container: Any,
        encoding: Encoding,
        size: tuple[int, int],
        time_base: Fraction,
        rate: Fraction | None,
        tags: Tags,
        threads: int,
        raster: Raster | None = None,
    ) -> None:
        self._container, self._tags = container, tags
        self.stream = container.add_stream(encoding.encoder, rate=rate or 30, options=dict(encoding.options))
        self.stream.width, self.stream.height = size
        self.stream.pix_fmt = self._taken = encoding.taken or encoding.pixel_format
        self._scaler = av.video.reformatter.VideoReformatter()
        self.stream.time_base = time_base
        context = self.stream.codec_context
        context.time_base = time_base
        if encoding.tag is not None and container.format.name in ("mp4", "mov"):
            context.codec_tag = encoding.tag
        context.thread_count = threads
        context.flags |= _FRAME_DURATION
        context.color_range, context.colorspace = tags.range, tags.matrix
        context.color_primaries, context.color_trc = tags.primaries, tags.transfer
        raster = raster or Raster()
        raster.tell(context, encoding.encoder)
        self._mark = Marker(raster, encoding.pixel_format, size, time_base)
        self._time_base = time_base
        self._held: Any = None
        self._lead = self._last = self._end = 0

    def write(self, picture: Any, pts: int, duration: int) -> None:
        """The next picture; pts and duration in ticks of the time base."""
        tags, picture = self._tags, self._mark(picture)
        if picture.format.name != self._taken:
            picture = self._scaler.reformat(picture, format=self._taken, threads=1)
        # ProRes keeps its colours in the frames' headers, and takes them from the frames.
        picture.color_range, picture.colorspace = tags.range, tags.matrix
        picture.color_primaries, picture.color_trc = tags.primaries, tags.transfer
        picture.pts, picture.duration, picture.time_base = pts, duration, self._time_base
        self._last, self._end = pts, pts + duration
        self._mux(self.stream.encode(picture))

    def finish(self) -> None:
        """What the encoder still holds."""
        self._mux(self.stream.encode(None))
        if self._held is not None:
            if self._container.format.name not in ("matroska", "webm"):
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
        # mp4 and mov show a film up to the end of the picture that is shown last. Where another is decoded after that, the
        # durations, which they add up in the order of decoding, have to come out at the same time.
        if packet.pts == self._last:
            return int(self._end - packet.pts)
        return max(1, self._end - (packet.dts + self._lead))


def tags_for(encoding: Encoding, kind: Kind, form: str, source: Tags, matrix: int) -> Tags:
    """What a file says of its colours: what its source says, but for what encoding changes.

    form: pixel format of the pictures before encoding. matrix: by which RGB becomes YUV.
    """
    coded = FULL if encoding.full else LIMITED
    if kind == "matte":
        # A matte has no colours; with its source's curve, players would tone-map it.
        return Tags(coded, matrix if encoding.pixel_format.startswith("yuv") else UNSPECIFIED)
    if not encoding.pixel_format.startswith("yuv"):
        return Tags(coded, 0, source.primaries, source.transfer)
    if layout_of(form).rgb:
        return Tags(coded, matrix, source.primaries, source.transfer)
    kept = source.range if (source.range == FULL) == encoding.full else coded
    return Tags(kept, source.matrix, source.primaries, source.transfer)
