"""Whether a file is still the one that was opened."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from pathlib import Path

from rtskin.errors import SourceError, reason

#: Bytes at either end of a file that are compared where only its date has changed. Containers keep their indexes there.
_ENDS = 1 << 16


@dataclass(frozen=True, slots=True)
class Identity:
    """A file at one moment: which one it is, how long (bytes), when written to, and what its ends hold."""

    file: tuple[int, int]
    size: int
    written_ns: int
    ends: str

    @classmethod
    def of(cls, path: Path) -> Identity:
        """SourceError where it cannot be read."""
        try:
            with path.open("rb") as file:
                state = os.fstat(file.fileno())
                digest = hashlib.sha256(file.read(_ENDS))
                file.seek(max(0, state.st_size - _ENDS))
                digest.update(file.read(_ENDS))
        except OSError as error:
            raise SourceError(f"{path} cannot be read: {reason(error)}") from None
        return cls((state.st_dev, state.st_ino), state.st_size, state.st_mtime_ns, digest.hexdigest())

    def require_same(self, path: Path) -> None:
        """SourceError where there is something else under ``path`` now.

        A date alone does not count: who copies a file sets its date last.
        """
        try:
            now = Identity.of(path)
        except SourceError as error:
            raise SourceError(
                f"{path.name} is gone since it was opened ({error}); bring it back and begin again"
            ) from None
        if now.size != self.size:
            change = f"{'grew' if now.size > self.size else 'shrank'} from {self.size} to {now.size} bytes"
        elif now.file != self.file:
            change = "was replaced"
        elif now.ends != self.ends:
            change = "was written to"
        else:
            return
        raise SourceError(f"{path.name} {change} while it was read; wait until it is complete and begin again")
