"""Where lines of text go: a file with its final name only when complete, a pipe or terminal, any text stream."""

from __future__ import annotations

import contextlib
import errno
import io
import os
import select
import stat
import sys
import threading
from pathlib import Path
from typing import TextIO

from rtskin.errors import SinkError, reason
from rtskin.files import OutputFile

#: Seconds between two looks at whether the graph stops, while a reader does not read.
_PATIENCE = 0.2


class ReaderGoneError(Exception):
    """Whoever read the lines has closed their end; for the feed alone, callers never see it."""


class Lines:
    """Takes one line at a time; each is out when ``write`` returns."""

    def write(self, line: str) -> None:
        """``line`` ends in a newline. ReaderGoneError where nobody reads any more, SinkError where it cannot be written."""
        raise NotImplementedError(f"{type(self).__name__} has no write()")

    def finish(self) -> None:
        """Everything is written."""

    def close(self) -> None:
        """Give the file back; what was not finished does not stay."""


def open_lines(out: str, overwrite: bool, stopping: threading.Event) -> Lines:
    """ "-" is standard output. OutputExistsError, SinkError where the file cannot be had."""
    if out == "-":
        return _standard_output(stopping)
    path = Path(out)
    try:
        kind = path.stat().st_mode
    except OSError:
        return FileLines(path, overwrite)
    if not stat.S_ISREG(kind) and not stat.S_ISDIR(kind):
        return _special_file(path, stopping)
    return FileLines(path, overwrite)


class FileLines(Lines):
    """A file, written under a temporary name until it is complete."""

    def __init__(self, path: Path, overwrite: bool = False) -> None:
        self._output = OutputFile(path, overwrite)
        try:
            self._file: TextIO | None = self._output.temporary.open("w", encoding="utf-8", buffering=1)
        except OSError as error:
            self._output.discard()
            raise self._output.failed(error) from error

    def write(self, line: str) -> None:
        if self._file is None:
            raise SinkError(f"{self._output.path} is closed already")
        try:
            self._file.write(line)
            self._file.flush()
        except OSError as error:
            raise self._output.failed(error) from error

    def finish(self) -> None:
        try:
            if self._file is not None:
                self._file.close()
        except OSError as error:
            raise self._output.failed(error) from error
        self._output.commit()
        self._file = None

    def close(self) -> None:
        if self._file is None:
            return
        file, self._file = self._file, None
        with contextlib.suppress(OSError):  # a full disk was reported by the write that met it
            file.close()
        self._output.discard()


class DescriptorLines(Lines):
    """A pipe or terminal. A reader that merely pauses is waited for, but never longer than the graph lives."""

    def __init__(self, descriptor: int, name: str, stopping: threading.Event, *, owned: bool = False) -> None:
        self._descriptor, self._name, self._stopping, self._owned = descriptor, name, stopping, owned

    def write(self, line: str) -> None:
        rest = memoryview(line.encode("utf-8"))
        try:
            while rest and self._wait():
                # A pipe that is ready takes this much without blocking.
                rest = rest[os.write(self._descriptor, rest[: select.PIPE_BUF]) :]
        except OSError as error:
            if error.errno == errno.EPIPE:
                raise ReaderGoneError from error
            raise _unwritable(self._name, error) from error

    def close(self) -> None:
        if self._owned:
            self._owned = False
            os.close(self._descriptor)

    def _wait(self) -> bool:
        """Until a write would not block; False when the graph stops first."""
        while not self._stopping.is_set():
            if select.select([], [self._descriptor], [], _PATIENCE)[1]:
                return True
        return bool(select.select([], [self._descriptor], [], 0)[1])


class StreamLines(Lines):
    """Any text stream; it stays open."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream

    def write(self, line: str) -> None:
        try:
            self._stream.write(line)
            self._stream.flush()
        except BrokenPipeError as error:
            raise ReaderGoneError from error
        except OSError as error:
            raise _unwritable("standard output", error) from error


def _standard_output(stopping: threading.Event) -> Lines:
    if sys.stdout is None:
        raise SinkError("there is no standard output here; write to a file instead")
    sys.stdout.flush()
    try:
        descriptor = sys.stdout.fileno()
    except (io.UnsupportedOperation, AttributeError):
        return StreamLines(sys.stdout)  # captured: a notebook, a test
    if os.name != "posix":
        return StreamLines(sys.stdout)  # select() knows only sockets there
    # Past Python's buffer, which would meet a closed pipe once more when the interpreter ends, and complain.
    return DescriptorLines(descriptor, "standard output", stopping)


def _special_file(path: Path, stopping: threading.Event) -> Lines:
    """A named pipe or device: there is nothing to rename. Without O_NONBLOCK a pipe's open would wait for a reader."""
    try:
        descriptor = os.open(path, os.O_WRONLY | getattr(os, "O_NONBLOCK", 0))
        os.set_blocking(descriptor, True)
    except OSError as error:
        if error.errno == errno.ENXIO:
            raise SinkError(f"nobody reads from the pipe {path}; start the reader first") from error
        raise _unwritable(path, error) from error
    return DescriptorLines(descriptor, str(path), stopping, owned=True)


def _unwritable(name: Path | str, error: OSError) -> SinkError:
    return SinkError(f"cannot write to {name}: {reason(error)}")
