"""A video file while pictures are being written into it."""

from __future__ import annotations

import logging
import os
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

from rtskin.capture.container import video_stream
from rtskin.errors import SinkError, reason
from rtskin.files import OutputFile
from rtskin.frame import Frame
from rtskin.media import av
from rtskin.render.outputs import about
from rtskin.render.outputs.attached import copy_attached
from rtskin.render.outputs.clock import Clock
from rtskin.render.outputs.color import matrix_for, tags_of
from rtskin.render.outputs.encoder import VideoWriter, open_container, tags_for
from rtskin.render.outputs.fit import Fit, fitting
from rtskin.render.outputs.formats import Encoding, Kind, codec_for, container_for, encoding_for
from rtskin.render.outputs.light import Light
from rtskin.render.outputs.losses import fitting_raster, losses
from rtskin.render.outputs.mark import Raster
from rtskin.render.outputs.native import color_of
from rtskin.render.outputs.nvenc import require_encoder
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pixels import describe, layout_of
from rtskin.render.outputs.streams import StreamCopy
from rtskin.render.outputs.verify import Written
from rtskin.render.outputs.x264 import together

_log = logging.getLogger("rtskin.render")


class VideoFile:
    """Pictures (av.VideoFrames) into a .mp4, .mov, .mkv or .webm, which has its name only once ``finish`` is done.

    The constructor checks what can be checked: SinkError, OutputExistsError, InputError, RuntimeUnavailableError. What the
    file is follows from the first picture: grey ones are mattes. ``bytes``: of the finished file. ``retimed``: frames whose
    time did not rise.
    """

    def __init__(self, path: Path, options: OutputOptions) -> None:
        self.path, self._options = path, options
        container_for(path)
        require_encoder(options.codec)
        self._file = OutputFile(path, options.overwrite)
        self._session: _Session | None = None
        self.bytes = self.retimed = 0

    def write(self, picture: Any, full: bool, frame: Frame) -> None:
        """The picture of ``frame``, whose codes go over the full range or not."""
        try:
            if self._session is None:
                self._refuse_input(frame)
                self._session = _Session(self._file.temporary, self.path, self._options, frame, picture, full)
            self._session.write(picture, frame)
        except SinkError:
            raise
        except (av.error.FFmpegError, OSError) as error:
            raise self._file.failed(error) from error
        self.retimed = self._session.clock.retimed

    def finish(self) -> None:
        """The file is complete, has been decoded again, and gets its name."""
        session, self._session = self._session, None
        if session is None:
            raise SinkError(f"not one picture reached {self.path}; nothing was written")
        try:
            session.finish()
            if self._options.verify:
                session.written.verify(self._file.temporary, self.path.name)
            self.bytes = self._file.temporary.stat().st_size
            self._file.commit()
        except SinkError:
            raise
        except (av.error.FFmpegError, OSError) as error:
            raise self._file.failed(error) from error

    def abandon(self) -> None:
        """Lets go of everything; nothing is left of the file unless it was finished."""
        session, self._session = self._session, None
        try:
            if session is not None:
                session.abandon()
        finally:
            self._file.discard()

    def _refuse_input(self, frame: Frame) -> None:
        source = frame.source.path
        if source is not None and self.path.exists() and os.path.exists(source) and os.path.samefile(source, self.path):
            raise SinkError(f"{self.path} is the input itself; write to another file")


class _Session:
    """What there is from the first picture on."""

    def __init__(
        self, temporary: Path, path: Path, options: OutputOptions, first: Frame, picture: Any, full: bool
    ) -> None:
        self.clock = Clock(first, options.rate)
        self._name = path.name
        self._form, self._size = picture.format.name, (picture.width, picture.height)
        kind = _kind_of(self._form)
        encoding = _encoding(path, kind, options, self._form, full, self._size)
        self._fit = _fit(encoding, self._form, full, first, self._size)
        source = _open_source(first) if options.copies != "none" else None
        name = container_for(path).name
        extra = about.muxer_options(source, name) if source is not None else {}
        self._container = open_container(temporary, name, self.clock.time_base, extra)
        self._streams: StreamCopy | None = None
        self._source = source
        self._pts = self._end = 0
        try:
            self._video = self._open_video(encoding, kind, options, first)
            if source is not None and first.pts is not None:
                self._copy_from(source, options, first)
        except BaseException:
            self.abandon()
            raise
        self.written = Written(encoding, self.clock.time_base)

    def write(self, picture: Any, frame: Frame) -> None:
        self._check(picture, frame)
        self._pts, duration = self.clock.ticks(frame)
        self._end = self._pts + duration
        if self._streams is not None:
            self._streams.until(self._source_time(self._pts))
        fitted = self._fit(picture)
        self.written.add(fitted, self._pts)
        self._video.write(fitted, self._pts, duration)

    def finish(self) -> None:
        self._video.finish()
        if self._streams is not None:
            self._streams.finish(self._source_time(self._end), self._source_time(self._pts))
        self._close_source()
        self._container.close()

    def abandon(self) -> None:
        """Lets go of everything; the file is going to be removed."""
        self._close_source()
        try:
            self._container.close()
        except (av.error.FFmpegError, OSError, ValueError):
            # It could not be written before, so its end cannot either, and nobody wants it any more.
            return

    def _open_video(self, encoding: Encoding, kind: Kind, options: OutputOptions, first: Frame) -> VideoWriter:
        color = color_of(first)
        tags = tags_for(encoding, kind, self._form, tags_of(color), matrix_for(color, *self._size).number)
        raster, light = Raster.of(first), Light() if kind == "matte" else Light.of(first)
        kept = fitting_raster(raster, encoding, self._size[1])
        for loss in losses(raster, kept, light, encoding, self._container.format.name):
            _log.warning("%s: %s", self._name, loss)
        if encoding.encoder == "libx264":
            encoding = replace(encoding, options=together(encoding.options, light.x264))
        return VideoWriter(
            self._container,
            encoding,
            self._size,
            self.clock.time_base,
            first.source.rate or options.rate,
            tags,
            options.threads,
            kept,
        )

    def _copy_from(self, source: Any, options: OutputOptions, first: Frame) -> None:
        start = Fraction(first.pts or 0) * first.time_base
        shift = self._seconds(self.clock.shift)
        if options.copies == "all":
            length = first.source.duration
            about.copy_metadata(source, self._container)
            about.describe_alike(video_stream(source, source.name), self._video.stream, self._container.format.name)
            about.copy_timecode(source, self._video.stream, start, first.source.rate)
            about.copy_chapters(source, self._container, start, shift, None if length is None else Fraction(length))
        self._streams = StreamCopy(source, self._container, start, shift, options.copies, options.strict)
        if options.copies == "all":
            copy_attached(source, self._container)

    def _source_time(self, ticks: int) -> Fraction:
        return self._seconds(ticks - self.clock.shift)

    def _seconds(self, ticks: int) -> Fraction:
        return ticks * self.clock.time_base

    def _close_source(self) -> None:
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _check(self, picture: Any, frame: Frame) -> None:
        size, form = (picture.width, picture.height), picture.format.name
        if size != self._size:
            (width, height), (w, h) = self._size, size
            raise SinkError(
                f"the picture changes from {width}x{height} to {w}x{h} at frame {frame.seq}; one file holds one size"
            )
        if form != self._form:
            raise SinkError(
                f"the picture changes from {describe(self._form)} to {describe(form)} at frame {frame.seq}; "
                "one file holds one format"
            )


def _kind_of(form: str) -> Kind:
    layout = layout_of(form)
    return "matte" if layout.gray else "alpha" if layout.alpha else "picture"


def _encoding(path: Path, kind: Kind, options: OutputOptions, form: str, full: bool, size: tuple[int, int]) -> Encoding:
    codec = codec_for(path, options.codec, kind, options.crf)
    encoding = encoding_for(codec, kind, form, full, size, options.crf)
    lost = layout_of(form).bits - layout_of(encoding.pixel_format).bits
    if lost > 0 and kind != "matte":
        _log.warning(
            "%s: pictures of %s are written as %s, all that %s takes",
            path.name,
            describe(form),
            describe(encoding.pixel_format),
            codec,
        )
    return encoding


def _fit(encoding: Encoding, form: str, full: bool, first: Frame, size: tuple[int, int]) -> Fit:
    return fitting(form, full, encoding.pixel_format, encoding.full, color_of(first), size)


def _open_source(first: Frame) -> Any:
    """The source as an av input, to copy from; None (and a warning) where that is impossible."""
    path = first.source.path
    if path is None:
        return None
    try:
        source = av.open(path)
    except (av.error.FFmpegError, OSError) as error:
        _log.warning("the audio of %s is left out: %s", path, reason(error))
        return None
    if not source.streams.video:
        source.close()
        return None
    return source
