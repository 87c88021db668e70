"""Whether outputs can get their names: asked before the work, not after it."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from pathlib import Path

from rtskin.capture.images import ImageCapture
from rtskin.capture.kinds import kind_of
from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.files import check_output
from rtskin.offline.frames import part_of, read_table
from rtskin.offline.manifest import OutputPart
from rtskin.render.outputs.formats import CONTAINERS, endings_for
from rtskin.render.outputs.images import SUFFIXES as IMAGES
from rtskin.render.outputs.images import place_of
from rtskin.render.outputs.shown import shown_by
from rtskin.render.sinks.choose import is_live, refuse_bare_folder

#: Standard input or output.
PIPE = "-"


def check_name(path: str, view: str) -> None:
    """InputError where ``path`` is not named like something that can be written, with what can hold that view."""
    if path == PIPE:
        return
    if is_live(path):
        raise InputError(
            f"OUTPUT must be a file, not {path!r}; to show or time something use rtskin live --sink {path}"
        )
    refuse_bare_folder(path)
    suffix = Path(path).suffix.lower()
    if path.endswith(("/", os.sep)) or suffix in IMAGES:
        place_of(path)
    elif suffix not in CONTAINERS:
        what = f"files that end in {suffix} are not written" if suffix else "an output needs an ending"
        fit = endings_for(shown_by(view).kind)
        raise InputError(f"{path}: {what}; with the view {view} it may be {fit}, or a folder/ of images")


def refuse_idle(codec: str | None, crf: int | None, bits: int | None, paths: Sequence[str]) -> None:
    """InputError for an option of a kind of file that no output is of: it would decide nothing, and silently."""
    endings = [Path(path).suffix.lower() for path in paths if path != PIPE]
    for option, given in (("--codec", codec), ("--crf", crf)):
        if given is not None and not any(ending in CONTAINERS for ending in endings):
            raise InputError(f"{option} is of videos, and no output is one; leave it out")
    if bits is not None and ".png" not in endings and not any(path.endswith(("/", os.sep)) for path in paths):
        raise InputError("--bits is of PNG images (.%04d.png or a folder/), and no output is of them; leave it out")


def check_place(path: str, overwrite: bool) -> None:
    """SinkError, OutputExistsError where a video, or the folder of images, cannot be written."""
    if path == PIPE:
        return
    if Path(path).suffix.lower() in CONTAINERS:
        check_output(path, overwrite)
        return
    folder, _ = place_of(path)
    if not (folder.is_dir() or (path.endswith(("/", os.sep)) and folder.parent.is_dir())):
        raise SinkError(f"cannot write {path}: there is no folder {folder}; make it first")


def refuse_existing_images(parts: Sequence[OutputPart], source: str, start: str | None, end: str | None) -> None:
    """OutputExistsError where one of the images to be written is there already. NoFramesError: there is none to write."""
    patterns = [part.path for part in parts if Path(part.path).suffix.lower() not in CONTAINERS]
    if not patterns:
        return
    numbers = list(image_numbers(source, start, end))
    for folder, name in map(place_of, patterns):
        there = set(os.listdir(folder)) if folder.is_dir() else set()
        found = [name % number for number in numbers if name % number in there]
        if found:
            more = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            raise OutputExistsError(
                f"{folder / found[0]} exists already{more}; choose another name or overwrite it (--overwrite)"
            )


def image_numbers(source: str, start: str | None, end: str | None) -> Iterable[int]:
    """The numbers in the names of the images that the frames of a part become: those of the source's own images where it
    is numbered, else the places of the frames in the whole source, from 0."""
    if kind_of(source) == "images":
        with ImageCapture(source, start=start, end=end) as images:
            first = images.read()
            if first is not None and first.number is not None and first.pts is not None:
                return [time + first.number - first.pts for time in images.times]
    return range(*part_of(source, read_table(source), start, end))
