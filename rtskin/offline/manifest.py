"""The manifest: all that decides what comes out, written once, before the first mask."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rtskin.errors import InputError, reason
from rtskin.files import write_text
from rtskin.offline.environment import Key, unequal

#: What is wrong with a manifest that cannot be understood, and the way out where a plan is of no use any more.
DAMAGED = "is damaged, or of another version of rtskin"
ANEW = "plan anew with --overwrite, or in another folder"


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class InputPart(_Part):
    """path: as it was named, made absolute. relative: from the work folder. table: sha256 of the frame table."""

    path: str
    relative: str
    fingerprint: str
    frames: int
    time_base: str
    timed: bool
    table: str

    @property
    def base(self) -> Fraction:
        """Seconds of a tick."""
        return Fraction(self.time_base)


class SegmentsPart(_Part):
    """Frames first … last − 1, in segments of ``frames``; ``warm_up`` before and ``tail`` after each are looked at too."""

    first: int
    last: int
    frames: int
    warm_up: int
    tail: int


class OutputPart(_Part):
    """path: absolute; it ends in a slash where it is a folder. view: as it is written, files in it by absolute paths.
    options: of the file, as far as they are set (rtskin.render.outputs.OutputOptions). files: sha256 (hex) of those that the
    view names, by their paths (rtskin.offline.backdrop)."""

    path: str
    view: str
    options: dict[str, Any] = Field(default_factory=dict)
    files: dict[str, str] = Field(default_factory=dict)


class Manifest(_Part):
    """pipeline: the graph from source to mask, as a GraphSpec, with every ``auto`` settled. model: what it is, and what it
    really runs on. environment: see rtskin.offline.environment. lease_seconds: without a heartbeat for so long, a worker
    is dead. asked: the options by which it was planned, as they are called and were written; nothing depends on them, they
    are for messages. None: they were not noted, by an earlier rtskin."""

    format: Literal[1] = 1
    input: InputPart
    segments: SegmentsPart
    pipeline: dict[str, Any]
    model: dict[str, Any]
    environment: dict[str, str]
    outputs: list[OutputPart]
    lease_seconds: float = 60.0
    asked: dict[str, str] | None = None

    def save(self, path: Path) -> None:
        """Whole or not at all; SinkError."""
        write_text(path, self.model_dump_json(indent=2) + "\n", overwrite=True)

    @classmethod
    def load(cls, path: Path) -> Manifest:
        """InputError where there is none, or one of another version of rtskin."""
        if (manifest := cls.read(path)) is None:
            raise InputError(f"{path} {DAMAGED}; {ANEW}")
        return manifest

    @classmethod
    def read(cls, path: Path) -> Manifest | None:
        """None where it is damaged, or of another version of rtskin. InputError where there is none, or a disk fails."""
        try:
            return cls.model_validate_json(path.read_bytes())
        except ValidationError:
            return None
        except (FileNotFoundError, NotADirectoryError):
            raise InputError(
                f"{path.parent} is no work folder, it has no {path.name}; make one with rtskin render plan"
            ) from None
        except OSError as error:
            raise InputError(f"{path} cannot be read: {reason(error)}") from None

    @property
    def decode(self) -> str | None:
        """What decodes the input, as of rtskin.capture.file.FileCapture; None: nothing was said of it."""
        said: str | None = self.pipeline["nodes"].get("source", {}).get("options", {}).get("decode")
        return said

    def differences(self, other: Manifest) -> dict[Key, tuple[Any, Any]]:
        """What decides, and is another in ``other``: keys, the value here and the one there. Outputs by their paths.
        rtskin.offline.changes says it in words."""
        return unequal(self._decisive(), other._decisive())

    def _decisive(self) -> dict[str, Any]:
        data = self.model_dump(
            mode="json", exclude={"lease_seconds": True, "asked": True, "input": {"path", "relative"}}
        )
        data["outputs"] = {output["path"]: output for output in data["outputs"]}
        for output in data["outputs"].values():
            output["options"].pop("overwrite", None)  # whether there may be something already is not what it becomes
        # The source's options are in the other parts already: which file, and which frames of it.
        data["pipeline"]["nodes"].pop("source", None)
        return data
