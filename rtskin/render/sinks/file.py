"""Pictures into a video file: .mp4, .mov, .mkv, .webm."""

from __future__ import annotations

import logging
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import Field

from rtskin.capture.fitted import fitted
from rtskin.files import check_output
from rtskin.frame import U8, Mask, Rendered
from rtskin.media import cv2
from rtskin.node import Context, Node, NodeOptions
from rtskin.render.outputs import kind_of
from rtskin.render.outputs.compose import Composer, composer_for, frame_of
from rtskin.render.outputs.formats import codec_for
from rtskin.render.outputs.options import Codec, OutputOptions
from rtskin.render.outputs.video import VideoFile
from rtskin.render.sinks.image import image_of

log = logging.getLogger("rtskin.render")


class FileSink(Node):
    """Rendered or Mask → a file that has its name only when it is complete.

    A mask becomes the view of that name, painted in the source's own pixel format (:func:`rtskin.render.outputs.open_output`
    says which codec); a Rendered is written as it is, grey ones as mattes. Every picture keeps its frame's time.

    What is rendered may change as it runs (from the matte to a view in colour, to one of another shape): a file holds one
    size, and mattes or colours, those of its first picture. Others are fitted into that, on black, and it is said once.

    SinkError: unknown extension, no folder, no space, masks to be painted that change their size; OutputExistsError.
    """

    class Options(NodeOptions):
        path: Path
        overwrite: bool = False
        #: Of masks; pictures that are rendered already stay what they are.
        view: str = "matte"
        #: Copy the source's audio, subtitles, chapters and metadata, where it is a file that has some.
        audio: bool = True
        codec: Codec = "auto"
        #: Constant rate factor of H.264 (0 … 51) and VP9 (0 … 63): 0 is lossless, 18 looks it, 28 is small.
        crf: int | None = Field(None, ge=0, le=63)
        #: Frames a second of sources that know neither times nor a rate.
        rate: float | None = Field(None, gt=0)
        #: Of the encoder.
        threads: int = Field(2, ge=1)

    emits = "none"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        chosen = self.options
        codec_for(chosen.path, chosen.codec, kind_of(chosen.view), chosen.crf)
        self._file: VideoFile | None = None
        self._compose: Composer | None = None
        self._gray = False
        self._size: tuple[int, int] | None = None
        self._told = set[str]()
        self._frames = 0

    def check(self) -> None:
        check_output(self.options.path, self.options.overwrite)

    def open(self, context: Context) -> None:
        self._file = VideoFile(self.options.path, self._output_options())

    def process(self, packet: Rendered | Mask) -> None:
        assert self._file is not None, "process() before open()"
        picture, full = self._picture(packet)
        self._file.write(picture, full, packet.frame)
        self._frames += 1

    def finish(self) -> None:
        assert self._file is not None, "finish() before open()"
        self._file.finish()

    def close(self) -> None:
        compose, self._compose = self._compose, None
        try:
            if compose is not None:
                compose.close()
        finally:
            if self._file is not None:
                self._file.abandon()

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes (once it is complete); retimed: frames whose time did not rise."""
        file = self._file
        return {"frames": self._frames, "bytes": file.bytes if file else 0, "retimed": file.retimed if file else 0}

    def _picture(self, packet: Rendered | Mask) -> tuple[Any, bool]:
        """An av.VideoFrame, and whether its codes go over the full range."""
        if isinstance(packet, Rendered) or self.options.view == "matte":
            return frame_of(self._fitting(image_of(packet))), True
        if self._compose is None:
            self._compose = composer_for(self.options.view, packet.frame, self._output_options())
        return self._compose(packet), self._compose.full

    def _fitting(self, image: U8) -> U8:
        """The picture, grey or in colour and of the size as the first was."""
        gray, size = image.ndim == 2, (image.shape[1], image.shape[0])
        if self._size is None:
            self._gray, self._size = gray, size
        if size != self._size:
            self._tell(f"pictures of {size[0]}×{size[1]} are fitted into its {self._size[0]}×{self._size[1]}")
            image = fitted(image, self._size)
        if gray == self._gray:
            return image
        if self._gray:
            self._tell("it holds mattes, so what is shown in colour from now on is written grey")
        return cv2.cvtColor(image, cv2.COLOR_BGR2GRAY if self._gray else cv2.COLOR_GRAY2BGR)

    def _tell(self, what: str) -> None:
        if what not in self._told:
            self._told.add(what)
            log.warning("%s: %s", self.options.path, what)

    def _output_options(self) -> OutputOptions:
        chosen = self.options
        return OutputOptions(
            codec=chosen.codec,
            crf=chosen.crf,
            threads=chosen.threads,
            overwrite=chosen.overwrite,
            copies="all" if chosen.audio else "none",
            # The pictures are what was asked for: of a recording one cannot say at its end that it was for nothing.
            strict=False,
            rate=None if chosen.rate is None else Fraction(chosen.rate).limit_denominator(100_000),
        )
