"""Masks of a segment on disk: FFV1, 8 bits, lossless, the same bytes on every machine."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Generator
from contextlib import closing
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.errors import SinkError, SourceError, reason
from rtskin.files import OutputFile
from rtskin.frame import U8
from rtskin.media import av
from rtskin.pool import BufferPool
from rtskin.render.outputs.formats import ffv1_slices

#: Slices are fixed, so that the bytes do not depend on the number of threads; checked, so that damage is found; Golomb-Rice
#: (coder 0) takes a fifth of the range coder's time to decode, and masks, which are mostly flat, become smaller with it.
_OPTIONS = {"level": "3", "slicecrc": "1", "coder": "0"}


class MatteWriter:
    """Masks one after the other into a file that has its name only when it is complete.

    Times are counted, since Matroska's milliseconds hold none exactly: the record of the segment says which frames they are.
    """

    def __init__(self, path: Path) -> None:
        self._file = OutputFile(path, overwrite=True)
        self._container: Any = None
        self._stream: Any = None
        self._frame: Any = None
        self._count = 0

    def write(self, mask: U8) -> None:
        """uint8 H×W, of one size. SinkError: it cannot be written, or the size changes."""
        try:
            if self._container is None:
                self._open(mask.shape)
            height, width = mask.shape
            if (self._stream.width, self._stream.height) != (width, height):
                raise SinkError(
                    f"the picture changes from {self._stream.width}x{self._stream.height} to {width}x{height}; "
                    "one output holds one size, so render the parts by themselves (--start, --end)"
                )
            self._frame.make_writable()
            _plane(self._frame)[:, :width] = mask
            self._frame.pts = self._count
            self._count += 1
            self._container.mux(self._stream.encode(self._frame))
        except (av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error

    def finish(self) -> str:
        """Completes the file, on the disk; its sha256 in hex. SinkError."""
        try:
            if self._container is not None:
                self._container.mux(self._stream.encode(None))
                self._container.close()
            digest = file_digest(self._file.temporary, sync=True)
        except (av.error.FFmpegError, OSError) as error:
            raise self._failed(error) from error
        self._file.commit()
        return digest

    def abandon(self) -> None:
        """Lets go of what is not finished. Calling it again, or after ``finish``, does nothing."""
        container, self._container = self._container, None
        try:
            if container is not None:
                container.close()
        except (av.error.FFmpegError, OSError, ValueError):
            pass  # it is going to be removed
        finally:
            self._file.discard()

    def _open(self, shape: tuple[int, ...]) -> None:
        height, width = shape
        options = {**_OPTIONS, "slices": ffv1_slices("gray", (width, height))}
        self._container = av.open(str(self._file.temporary), "w", format="matroska", options={"fflags": "+bitexact"})
        self._stream = self._container.add_stream("ffv1", rate=25, options=options)
        self._stream.width, self._stream.height, self._stream.pix_fmt = width, height, "gray"
        self._stream.codec_context.thread_count = 1
        self._stream.codec_context.flags |= av.codec.context.Flags.bitexact
        self._frame = av.VideoFrame(width, height, "gray")

    def _failed(self, error: OSError | ValueError) -> SinkError:
        return error if isinstance(error, SinkError) else self._file.failed(error)


def read_mattes(path: Path) -> Generator[U8, None, None]:
    """The masks in a file, each uint8 H×W in memory of its own. SourceError where it is damaged."""
    pool = BufferPool()
    try:
        if path.stat().st_size == 0:
            return  # a segment of which no frame could be decoded
        with closing(av.open(str(path))) as container:
            for frame in container.decode(video=0):
                mask = pool.take((frame.height, frame.width), np.uint8)
                np.copyto(mask, _plane(frame)[:, : frame.width])
                yield mask
    except (av.error.FFmpegError, OSError) as error:
        raise SourceError(f"the masks in {path} cannot be read: {reason(error)}") from None


def file_digest(path: Path, *, sync: bool = False) -> str:
    """sha256 of a file in hex. sync: it is on the disk when this returns. OSError."""

    with path.open("rb") as file:
        if sync:
            os.fsync(file.fileno())
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plane(frame: Any) -> U8:
    plane = frame.planes[0]
    return np.frombuffer(plane, np.uint8)[: plane.line_size * plane.height].reshape(plane.height, plane.line_size)
