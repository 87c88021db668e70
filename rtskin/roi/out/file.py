"""``-`` and FILE: JSON Lines, each out at once and none lost."""

from __future__ import annotations

from typing import ClassVar

from rtskin.roi.lines import Lines, open_lines
from rtskin.roi.out.transport import Transport
from rtskin.roi.record import Sent


class FileTransport(Transport):
    """A line a message. A reader of a pipe that goes away is ReaderGoneError."""

    lossless: ClassVar[bool] = True

    def __init__(self, out: str, overwrite: bool = False) -> None:
        super().__init__("standard output" if out == "-" else out)
        self._out, self._overwrite = out, overwrite
        self._lines: Lines | None = None

    def open(self) -> None:
        self._lines = open_lines(self._out, self._overwrite, self.stop)

    def send(self, message: Sent) -> None:
        assert self._lines is not None
        self._lines.write(message.full.decode("utf-8") + "\n")
        self.counts["sent"] += 1

    def finish(self) -> None:
        if self._lines is not None:
            self._lines.finish()

    def close(self) -> None:
        lines, self._lines = self._lines, None
        if lines is not None:
            lines.close()
