"""Pictures into a numbered sequence of PNG files."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, SinkError
from rtskin.files import check_output, write_bytes
from rtskin.frame import Mask, Rendered
from rtskin.media import cv2
from rtskin.node import Context, Node, NodeOptions
from rtskin.render.sinks.image import image_of

_NUMBER = re.compile(r"%0?\d*d")


class PngSink(Node):
    """Rendered or Mask → one PNG a picture, 8 bits, grey or colour, each under its name only when complete.

    path: a pattern with one %d ("out.%04d.png"), or a folder, in which files are named %06d.png (it is made if only
    it is missing). The number is the frame's own where its source is numbered, else its seq.
    """

    class Options(NodeOptions):
        path: Path
        overwrite: bool = False
        #: 0 (fast, large) … 9.
        compression: int = 1

    emits = "none"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        path: Path = self.options.path
        self._folder, self._name = (path.parent, path.name) if is_pattern(path.name) else (path, "%06d.png")
        if "%" in path.name and not is_pattern(path.name):
            raise InputError(f"{path} is not a pattern for PNG files; write one number and .png, e.g. out.%04d.png")
        self._frames = self._bytes = 0

    def check(self) -> None:
        if not self._folder.is_dir() and not (self._folder == self.options.path and self._folder.parent.is_dir()):
            raise self._no_folder()

    def open(self, context: Context) -> None:
        if self._folder.parent.is_dir() and self._folder == self.options.path:
            try:
                self._folder.mkdir(exist_ok=True)
            except OSError as error:
                raise SinkError(f"cannot make the folder {self._folder}: {error.strerror}") from error
        if not self._folder.is_dir():
            raise self._no_folder()

    def process(self, packet: Rendered | Mask) -> None:
        frame = packet.frame
        number = frame.seq if frame.number is None else frame.number
        self._write(self._folder / (self._name % number), packet)
        self._frames += 1

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes of the files."""
        return {"frames": self._frames, "bytes": self._bytes}

    def _no_folder(self) -> SinkError:
        return SinkError(f"cannot write {self.options.path}: there is no folder {self._folder}; make it first")

    def _write(self, path: Path, packet: Rendered | Mask) -> None:
        # Asked before the work as well: encoding takes longer than everything else here.
        check_output(path, self.options.overwrite)
        settings = [cv2.IMWRITE_PNG_COMPRESSION, self.options.compression]
        done, encoded = cv2.imencode(".png", image_of(packet), settings)
        if not done:
            raise SinkError(f"cannot write {path}: the picture could not be encoded")
        write_bytes(path, encoded.data, overwrite=self.options.overwrite)
        self._bytes += encoded.nbytes


def is_pattern(name: str) -> bool:
    """Whether a file name is a pattern for numbered PNG files."""
    return name.lower().endswith(".png") and len(_NUMBER.findall(name)) == 1 and name.count("%") == 1
