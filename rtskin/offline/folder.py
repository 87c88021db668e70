"""The work folder: what is done, and where everything lies.

::

    manifest.json           rtskin.offline.manifest
    frames.npy              the frame table
    segments/000012.mkv     a segment's masks; complete, since it has its name
    segments/000012.json    its record: sha256, frames; the segment is done once this is there
    leases/000012.1         who works on it (rtskin.offline.leases)
    finish/                 outputs that are being written
    logs/                   what workers said that another process started
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cached_property
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtskin.capture.table import FrameTable
from rtskin.errors import InputError, RtskinError, SinkError, reason
from rtskin.files import write_text
from rtskin.offline.frames import from_bytes
from rtskin.offline.identity import fingerprint, locate
from rtskin.offline.manifest import ANEW, Manifest
from rtskin.offline.segments import Segment, segments_of

#: Written last: with it, a work folder is complete.
MANIFEST = "manifest.json"
TABLE = "frames.npy"
#: Folders in it: masks and their records, who works on what, the outputs until they are complete.
SEGMENTS, LEASES, FINISH, LOGS = "segments", "leases", "finish", "logs"
#: What is being removed.
GONE = ".gone"


def is_ours(name: str) -> bool:
    """Whether something of that name in a work folder is rtskin's."""
    return name in (MANIFEST, TABLE, SEGMENTS, LEASES, FINISH, LOGS, GONE) or name.endswith(".part")


class Record(BaseModel):
    """What a segment came to. numbers: frames that have a mask, as [first, last + 1] runs; the others could not be decoded.

    statistics: of its graph (rtskin.graph.stats), which no result depends on.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    sha256: str
    numbers: list[tuple[int, int]]
    statistics: dict[str, Any] = Field(default_factory=dict)

    @property
    def frames(self) -> int:
        """How many masks."""
        return sum(last - first for first, last in self.numbers)


class WorkFolder:
    """A folder with a manifest; InputError for one that is none."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.manifest = Manifest.load(path / MANIFEST)
        self.segments: Sequence[Segment] = segments_of(self.manifest.segments)

    @cached_property
    def table(self) -> FrameTable:
        """The frame table; InputError where it is not the one that was planned with."""
        part, path = self.manifest.input, self.path / TABLE
        try:
            data = path.read_bytes()
        except OSError as error:
            raise InputError(f"{path} cannot be read ({reason(error)}); {ANEW}") from None
        if hashlib.sha256(data).hexdigest() != part.table:
            raise InputError(f"{path} is not the one of its manifest; plan again, which writes it anew")
        return from_bytes(data, part.base, part.timed)

    @property
    def leases(self) -> Path:
        return self.path / LEASES

    @property
    def finish(self) -> Path:
        return self.path / FINISH

    @property
    def logs(self) -> Path:
        return self.path / LOGS

    def mattes(self, segment: Segment) -> Path:
        """The masks of a segment."""
        return self.path / SEGMENTS / f"{segment.name}.mkv"

    def refuse_replaced(self) -> None:
        """InputError where the folder was planned anew meanwhile, or removed: what is made by this plan is not for it."""
        if not (self.path / MANIFEST).exists():
            raise InputError(f"{self.path} is gone: somebody else has completed this render, or removed it")
        if self.manifest.differences(Manifest.load(self.path / MANIFEST)):
            raise InputError(f"{self.path} was planned anew for another render meanwhile; this one ends")

    @contextmanager
    def unless_replaced(self) -> Iterator[None]:
        """Within it, errors that come from that are called so, whatever was not found any more."""
        try:
            yield
        except (RtskinError, OSError):
            self.refuse_replaced()
            raise

    def make(self) -> None:
        """The folders in it; SinkError."""
        try:
            for folder in (self.path / SEGMENTS, self.leases, self.logs):
                folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise SinkError(f"cannot make folders in {self.path}: {reason(error)}") from None

    def record(self, segment: Segment) -> Record | None:
        """What is written of a segment; None while it is not done."""
        try:
            return Record.model_validate_json(self._record(segment).read_text("utf-8"))
        except FileNotFoundError:
            return None
        except (OSError, ValidationError, UnicodeDecodeError):
            return None  # damaged, so its segment is made again

    def done(self) -> set[int]:
        """Numbers of the segments that are done, by the names in the folder alone."""
        return {int(path.stem) for path in (self.path / SEGMENTS).glob("*.json") if path.stem.isdecimal()}

    def all_done(self) -> bool:
        """Whether every segment is."""
        return len(self.done()) == len(self.segments)

    def complete(self, segment: Segment, record: Record) -> None:
        """It is done. The same record is written by whoever made the segment too."""
        write_text(self._record(segment), json.dumps(record.model_dump(), indent=1) + "\n", overwrite=True)

    def source(self) -> str:
        """Where the input is on this machine. InputError where it is no more the one that was planned with; SourceError."""
        part = self.manifest.input
        source = locate(part.path, part.relative, self.path)
        if fingerprint(source) != part.fingerprint:
            raise InputError(f"{source} is not the file any more that was planned with; {ANEW}")
        return source

    def clean(self, segment: Segment) -> None:
        """Removes what workers left half written that were killed at this segment."""
        for path in (self.path / SEGMENTS).glob(f".{segment.name}.*.part"):
            path.unlink(missing_ok=True)

    def redo(self, segment: Segment) -> None:
        """It is not done after all."""
        self._record(segment).unlink(missing_ok=True)

    def _record(self, segment: Segment) -> Path:
        return self.path / SEGMENTS / f"{segment.name}.json"
