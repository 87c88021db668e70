"""What a cutout stands before, where that is a file: it decides what comes out as much as the source does."""

from __future__ import annotations

import os
from pathlib import Path

from rtskin.capture.kinds import open_source
from rtskin.errors import InputError, RtskinError, SourceError
from rtskin.offline.manifest import OutputPart
from rtskin.offline.mattes import file_digest


def resolved(background: str) -> str:
    """A path from anywhere, where there is such a file; else as it is: a colour, or a mistake."""
    return os.path.abspath(background) if os.path.isfile(background) else background


def digests(background: str | None) -> dict[str, str]:
    """sha256 (hex) of the file by its path; nothing for a colour. SourceError where no picture of it can be read."""
    if background is None or not os.path.isfile(background):
        return {}
    try:
        with open_source(background) as source:
            readable = not source.live and source.read() is not None
        if readable:
            return {background: file_digest(Path(background))}
        why = "it holds no picture"
    except (RtskinError, OSError) as error:
        why = str(error)
    raise SourceError(f"{background} cannot be a background, use an image or a video: {why}")


def refuse_other_files(outputs: list[OutputPart]) -> None:
    """InputError where a file that an output shows is not here, or not what it was when it was planned."""
    for output in outputs:
        for path, digest in output.files.items():
            try:
                same = file_digest(Path(path)) == digest
            except OSError:
                raise InputError(f"the background {path} is not here; it is needed to write {output.path}") from None
            if not same:
                raise InputError(f"the background {path} is not what was planned with; plan again in another folder")
