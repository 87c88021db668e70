"""Masks into a video file."""

from __future__ import annotations

from pathlib import Path

from rtskin.frame import Mask
from rtskin.render.outputs.compose import Composer, composer_for
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.video import VideoFile


class MovieOutput:
    """An Output into a .mp4, .mov, .mkv or .webm: see :func:`rtskin.render.outputs.open_output`."""

    def __init__(self, path: Path, view: str, options: OutputOptions) -> None:
        self._view, self._options = view, options
        self._file = VideoFile(path, options)
        self._compose: Composer | None = None
        self._frames = 0

    def write(self, mask: Mask) -> None:
        if self._compose is None:
            self._compose = composer_for(self._view, mask.frame, self._options)
        picture = self._compose(mask)
        self._file.write(picture, self._compose.full, mask.frame)
        self._frames += 1

    def finish(self) -> None:
        self._file.finish()

    def abandon(self) -> None:
        compose, self._compose = self._compose, None
        try:
            if compose is not None:
                compose.close()
        finally:
            self._file.abandon()

    def counters(self) -> dict[str, int | float | str]:
        """frames; bytes (once it is complete); retimed: frames whose time did not rise."""
        return {"frames": self._frames, "bytes": self._file.bytes, "retimed": self._file.retimed}
