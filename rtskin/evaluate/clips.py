"""Single frames of a video by their number, decoded in order."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from rtskin.errors import RtskinError
from rtskin.frame import U8
from rtskin.train.data.imaging import BrokenImageError

if TYPE_CHECKING:
    from rtskin.capture.file import FileCapture


class ClipReader:
    """Frames by path and number (from 0). Keeps the last clip open, so that ascending numbers need one pass."""

    def __init__(self) -> None:
        self._source: FileCapture | None = None
        self._path: Path | None = None
        self._next = 0

    def read(self, path: Path, number: int) -> U8:
        """uint8 H×W×3 BGR, turned as the file says; BrokenImageError where there is no such frame."""
        try:
            if self._source is None or self._path != path or number < self._next:
                self._open(path)
            assert self._source is not None
            while (frame := self._source.read()) is not None:
                self._next += 1
                if self._next == number + 1:
                    return frame.bgr
        except RtskinError as error:
            raise BrokenImageError(path, str(error).removeprefix(str(path)).strip(" :")) from error
        raise BrokenImageError(path, f"has {self._next} frames that can be decoded, so none with the number {number}")

    def close(self) -> None:
        """Close the clip that is open; may be called twice."""
        source, self._source = self._source, None
        if source is not None:
            source.close()

    def _open(self, path: Path) -> None:
        from rtskin.capture.file import FileCapture

        self.close()
        self._source, self._path, self._next = FileCapture(path), path, 0
