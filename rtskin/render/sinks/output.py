"""Files that have their final name only when they are complete."""

from __future__ import annotations

import errno
import os
import secrets
from pathlib import Path

from rtskin.errors import OutputExistsError, SinkError

_NO_SPACE = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


class OutputFile:
    """A file that is being written: under a temporary name in the same folder until ``commit``.

    The constructor checks what can be checked before any work is done, and makes the temporary file; OutputExistsError,
    SinkError.
    """

    def __init__(self, path: str | os.PathLike[str], overwrite: bool = False) -> None:
        self.path, self.overwrite = Path(path), overwrite
        self._refuse_existing()
        folder = self.path.parent
        if not folder.is_dir():
            raise SinkError(f"cannot write {self.path}: there is no folder {folder}; make it first")
        self.temporary = folder / f".{self.path.stem[:100]}.{secrets.token_hex(4)}.part"
        try:
            # 0o666 lets the user's umask decide, as for any file (tempfile would make it private).
            os.close(os.open(self.temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        except OSError as error:
            raise SinkError(f"cannot write in {folder}: {reason(error)}") from error

    def commit(self) -> None:
        """The file is complete: it gets its name. What was there is replaced in one step."""
        self._refuse_existing()
        try:
            os.replace(self.temporary, self.path)
        except OSError as error:
            raise SinkError(f"cannot write {self.path}: {reason(error)}") from error

    def discard(self) -> None:
        """Removes the temporary file, if it is still there."""
        self.temporary.unlink(missing_ok=True)

    def failed(self, error: OSError | ValueError) -> SinkError:
        """The error to raise where writing failed."""
        if isinstance(error, OSError) and error.errno in _NO_SPACE:
            return SinkError(f"no space left for {self.path}: free some, or write elsewhere (nothing was kept)")
        return SinkError(f"cannot write {self.path}: {reason(error)}")

    def _refuse_existing(self) -> None:
        if self.path.is_dir():
            raise SinkError(f"{self.path} is a folder; name a file in it")
        if not self.overwrite and os.path.lexists(self.path):
            raise OutputExistsError(f"{self.path} exists already; choose another name or overwrite it (--overwrite)")


def reason(error: Exception) -> str:
    """Why, in a few words, without the path and the number that the operating system adds."""
    return str(getattr(error, "strerror", None) or error)
