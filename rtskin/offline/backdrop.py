"""What a cutout stands before, where that is a file: it decides what comes out as much as the source does."""

from __future__ import annotations

import os
from pathlib import Path

from rtskin.capture.kinds import open_source
from rtskin.errors import InputError, RtskinError, SourceError
from rtskin.offline.manifest import ANEW, OutputPart
from rtskin.offline.mattes import file_digest
from rtskin.render.views.backdrop import color_or_none
from rtskin.render.views.text import parse_views, write_views

#: The argument of views that may name a file.
BACKGROUND = "background"


def settled(view: str) -> tuple[str, dict[str, str]]:
    """A view with its files by absolute paths, and their sha256 (hex). SourceError where no picture of one can be read."""
    said, files = parse_views(view), dict[str, str]()
    for _, arguments in said:
        background = arguments.get(BACKGROUND)
        if background is not None and color_or_none(background) is None and os.path.isfile(background):
            arguments[BACKGROUND] = os.path.abspath(background)
            files |= _digest(arguments[BACKGROUND])
    return write_views(said), files


def _digest(background: str) -> dict[str, str]:
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
                raise InputError(f"the background {path} is not what was planned with; put that back, or {ANEW}")
