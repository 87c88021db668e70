"""Files that have their final name only when they are complete."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path
from types import TracebackType
from typing import Self

from rtskin.errors import OutputExistsError, SinkError, reason

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}

#: Characters of the file's name that the temporary one shows: file systems allow 255 bytes, and one may take four.
_SHOWN = 40


class OutputFile:
    """A file that is being written: under a temporary name in the same folder until ``commit``.

    ::

        with OutputFile("masks.bin") as file:
            file.write(data)
            file.commit()

    The constructor checks what can be checked before any work is done, and makes the temporary file; OutputExistsError,
    SinkError. Leaving ``with``, or ``discard``, removes what was not committed.
    """

    def __init__(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        self.path, self.overwrite = Path(path), overwrite
        check_output(path, overwrite)
        # Random, so that it is neither a file of the user's nor that of another run.
        self.temporary = self.path.parent / f".{self.path.stem[:_SHOWN]}.{secrets.token_hex(4)}.part"
        try:
            # 0o666 lets the user's umask decide, as for any file (tempfile would make it private).
            os.close(os.open(self.temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except OSError as error:
            raise SinkError(f"cannot write in {self.path.parent}: {reason(error)}") from error

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.discard()

    def write(self, data: bytes | memoryview, *, sync: bool = False) -> None:
        """All of the file at once. sync: on the disk, not only on its way there, before this returns. SinkError."""
        try:
            with self.temporary.open("wb") as file:
                file.write(data)
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
        except OSError as error:
            raise self.failed(error) from error

    def commit(self) -> None:
        """The file is complete: it gets its name in one step.

        What was there is replaced; without ``overwrite``, OutputExistsError where something appeared there meanwhile.
        """
        check_output(self.path, self.overwrite)
        try:
            if self.overwrite:
                os.replace(self.temporary, self.path)
            else:
                _rename_to_unused(self.temporary, self.path)
        except FileExistsError as error:
            raise _exists(self.path) from error
        except OSError as error:
            raise self.failed(error) from error

    def discard(self) -> None:
        """Removes the temporary file, if it is still there."""
        self.temporary.unlink(missing_ok=True)

    def failed(self, error: OSError | ValueError) -> SinkError:
        """The error to raise where writing failed."""
        if isinstance(error, OSError) and error.errno in _NO_SPACE:
            return SinkError(f"no space left for {self.path}: free some, or write elsewhere (nothing was kept)")
        return SinkError(f"cannot write {self.path}: {reason(error)}")


def write_bytes(path: str | os.PathLike[str], data: bytes | memoryview, *, overwrite: bool = False) -> None:
    """Whole or not at all: a reader never sees half a file. OutputExistsError, SinkError."""
    with OutputFile(path, overwrite) as file:
        file.write(data)
        file.commit()


def write_text(path: str | os.PathLike[str], text: str, *, overwrite: bool = False) -> None:
    """The same for text, in UTF-8."""
    write_bytes(path, text.encode("utf-8"), overwrite=overwrite)


def make_folders(folder: Path) -> None:
    """The folder with those above it, as far as they are missing. SinkError."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise SinkError(f"cannot make the folder {folder}: {reason(error)}") from error


def check_output(path: str | os.PathLike[str], overwrite: bool = False) -> None:
    """OutputExistsError or SinkError where ``path`` cannot be written: to be asked before the work, not after it."""
    path, folder = Path(path), Path(path).parent
    if path.is_dir():
        raise SinkError(f"{path} is a folder; name a file in it")
    if path.exists() and not path.is_file():
        raise SinkError(f"{path} is a device or a pipe, which cannot be replaced; name a file")
    if not overwrite and os.path.lexists(path):
        raise _exists(path)
    if not folder.is_dir():
        raise SinkError(f"cannot write {path}: there is no folder {folder}; make it first")
    if not os.access(folder, os.W_OK):
        raise SinkError(f"cannot write {path}: the folder {folder} may not be written to")


def _exists(path: Path) -> OutputExistsError:
    return OutputExistsError(f"{path} exists already; choose another name or overwrite it (--overwrite)")


def _rename_to_unused(source: Path, target: Path) -> None:
    """FileExistsError if there is a ``target``, which os.rename would replace (asking first leaves a gap)."""
    try:
        os.link(source, target)
    except FileExistsError:
        raise
    except OSError:
        # No hard links here (FAT, some network drives): an empty file takes the name, and is replaced.
        os.close(os.open(target, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            os.replace(source, target)
        except OSError:
            target.unlink(missing_ok=True)
            raise
    else:
        source.unlink()
