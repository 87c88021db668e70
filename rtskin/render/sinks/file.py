"""Pictures into a video file: .mp4, .mov, .mkv."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import Field

from rtskin.errors import SinkError
from rtskin.files import OutputFile
from rtskin.frame import U8, Frame, Mask, Rendered
from rtskin.media import av
from rtskin.node import Context, Node, NodeOptions
from rtskin.pool import BufferPool
from rtskin.render.sinks.audio import AudioCopy
from rtskin.render.sinks.clock import Clock
from rtskin.render.sinks.encoding import Codec, check_codec, container_for, encoding_for
from rtskin.render.sinks.image import image_of
from rtskin.render.sinks.writer import VideoWriter, as_color, open_container


class FileSink(Node):
    """Rendered or Mask → a file that has its name only when it is complete.

    Every picture keeps its frame's time. A colour picture is H.264 with the source's matrix in limited range; a matte is
    FFV1 in .mkv (lossless), else H.264 whose full-range luma plane is the mask (0 and 255 within 1, all within 2).
    SinkError: unknown extension, no folder, no space, pictures that change their size; OutputExistsError.
    """

    class Options(NodeOptions):
        path: Path
        overwrite: bool = False
        #: Copy the source's audio, where it is a file that has some.
        audio: bool = True
        codec: Codec = "auto"
        #: x264's constant rate factor: 0 is lossless, 18 looks it, 28 is small.
        crf: int | None = Field(None, ge=0, le=51)
        #: Frames a second of sources that know neither times nor a rate.
        rate: float | None = Field(None, gt=0)
        #: Of the encoder.
        threads: int = Field(2, ge=1)

    emits = "none"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        container_for(self.options.path)
        check_codec(self.options.codec, self.options.path)
        self._file: OutputFile | None = None
        self._session: _Session | None = None
        self._frames = self._bytes = self._retimed = 0

    def open(self, context: Context) -> None:
        self._file = OutputFile(self.options.path, self.options.overwrite)

    def process(self, packet: Rendered | Mask) -> None:
        image, frame = image_of(packet), packet.frame
        with self._writing() as file:
            if self._session is None:
                self._refuse_input(frame)
                self._session = _Session(file.temporary, self.options, frame, image)
            self._session.write(image, frame)
        self._frames += 1
        self._retimed = self._session.clock.retimed

    def finish(self) -> None:
        with self._writing() as file:
            if self._session is None:
                raise SinkError(f"not one picture reached {file.path}; nothing was written")
            self._session.finish()
            self._session = None
            self._bytes = file.temporary.stat().st_size
            file.commit()

    def close(self) -> None:
        session, self._session = self._session, None
        try:
            if session is not None:
                session.abandon()
        finally:
            if self._file is not None:
                self._file.discard()

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes (once it is complete); retimed: frames whose time did not rise."""
        return {"frames": self._frames, "bytes": self._bytes, "retimed": self._retimed}

    @contextmanager
    def _writing(self) -> Iterator[OutputFile]:
        """Makes the errors of libav and of the file system errors of this sink."""
        assert self._file is not None, "process() before open()"
        try:
            yield self._file
        except SinkError:
            raise
        except (av.error.FFmpegError, OSError) as error:
            raise self._file.failed(error) from error

    def _refuse_input(self, frame: Frame) -> None:
        source, path = frame.source.path, self.options.path
        if source is not None and path.exists() and os.path.exists(source) and os.path.samefile(source, path):
            raise SinkError(f"{path} is the input itself; write to another file")


class _Session:
    """A file while pictures are being written into it; what it is follows from the first picture."""

    def __init__(self, path: Path, options: Any, first: Frame, image: U8) -> None:
        rate = None if options.rate is None else Fraction(options.rate).limit_denominator(100_000)
        self.clock = Clock(first, rate)
        self._shape = image.shape
        self._pool = BufferPool()
        height, width = image.shape[:2]
        name = container_for(options.path)
        self._encoding = encoding_for(options.codec, name, image.ndim == 2, width, height, options.crf)
        self._container = open_container(path, name, self.clock.time_base)
        self._audio: AudioCopy | None = None
        self._pts = self._end = 0
        try:
            self._video = VideoWriter(
                self._container,
                self._encoding,
                (width, height),
                self.clock.time_base,
                first.source.rate or rate,
                first.source.color,
                options.threads,
            )
            if options.audio and first.source.path is not None and first.pts is not None:
                start = first.pts * first.time_base
                self._audio = AudioCopy(first.source.path, self._container, start, self._seconds(self.clock.shift))
        except BaseException:
            self.abandon()
            raise

    def write(self, image: U8, frame: Frame) -> None:
        image = self._fitting(image, frame)
        self._pts, duration = self.clock.ticks(frame)
        self._end = self._pts + duration
        if self._audio is not None:
            self._audio.until(self._source_time(self._pts))
        self._video.write(image, self._pts, duration)

    def finish(self) -> None:
        self._video.finish()
        if self._audio is not None:
            self._audio.finish(self._source_time(self._end), self._source_time(self._pts))
            self._audio.close()
        self._container.close()

    def abandon(self) -> None:
        """Lets go of everything; the file is going to be removed."""
        if self._audio is not None:
            self._audio.close()
        try:
            self._container.close()
        except (av.error.FFmpegError, OSError, ValueError):
            # It could not be written before, so its end cannot either, and nobody wants it any more.
            return

    def _source_time(self, ticks: int) -> Fraction:
        return self._seconds(ticks - self.clock.shift)

    def _seconds(self, ticks: int) -> Fraction:
        return ticks * self.clock.time_base

    def _fitting(self, image: U8, frame: Frame) -> U8:
        if image.shape == self._shape:
            return image
        if image.shape[:2] != self._shape[:2]:
            (height, width), (h, w) = self._shape[:2], image.shape[:2]
            raise SinkError(
                f"the picture changes from {width}x{height} to {w}x{h} at frame {frame.seq}; one file holds one size"
            )
        if image.ndim == 3:
            raise SinkError("the view changes from matte to colour; a file of mattes holds mattes only")
        return as_color(image, self._pool.take(self._shape, np.uint8))
