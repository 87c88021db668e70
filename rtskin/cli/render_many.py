"""A folder of videos, one after the other: the tree is kept, and no file stops those after it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

import typer

from rtskin.errors import (
    InputError,
    MissingExtraError,
    ModelError,
    RtskinError,
    RuntimeUnavailableError,
    SinkError,
    SourceError,
    reason,
)

#: What counts as a video in a folder; other files are no errors, they only lie beside.
VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".h264", ".hevc", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf"}
    | {".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"}
)

#: Options of the verb that name a file.
_OF_ONE_FILE = ("matte", "overlay", "work", "stats")

#: These are about what was asked for and not about a file: the next one would end the same way.
_NOT_OF_ONE_FILE = (InputError, ModelError, RuntimeUnavailableError, MissingExtraError)


@dataclass(slots=True)
class Summary:
    """What became of the videos of a folder. failed: a line for each, with the reason. open: not begun."""

    rendered: int = 0
    skipped: int = 0
    failed: list[str] = field(default_factory=list)
    open: int = 0

    def __str__(self) -> str:
        parts = [f"{self.rendered} rendered", f"{self.skipped} skipped (there already)", f"{len(self.failed)} failed"]
        if self.open:
            parts.append(f"{self.open} not begun")
        return "\n".join([", ".join(parts), *(f"  {line}" for line in self.failed)])


def render_folder(
    source: str, output: str | None, options: Mapping[str, Any], render: Callable[..., object]
) -> Summary:
    """Calls ``render(video, output, **options)`` for the videos below ``source``, which become ``output`` of the same tree.

    options: those of the verb; its ``suffix`` (None: .mkv) is what a video's own is replaced by. What is there already is
    skipped unless it is to be overwritten. A video that cannot be read or written is said and counted, and the next one is
    begun; so are two that would become the same file, neither of which is rendered. The summary is printed whatever
    happens. InputError: options or folders that cannot be used; SourceError: there is no video. Raised are also errors
    that would come with every video (options, model, runtime). typer.Exit(1) if a video failed.
    """
    _refuse_options_of_one(options)
    if output is None:
        raise InputError(f"{source} is a folder; name a folder as OUTPUT, too")
    suffix = options.get("suffix") or ".mkv"
    if not suffix.startswith("."):
        raise InputError(f"--suffix begins with a dot (.mkv), unlike {suffix!r}")
    each = partial(render, **{**options, "suffix": None})
    return _render_all(Path(source), Path(output), suffix, bool(options.get("overwrite")), each)


def _refuse_options_of_one(options: Mapping[str, Any]) -> None:
    given = [f"--{name}" for name in _OF_ONE_FILE if options.get(name) is not None]
    if given:
        raise InputError(f"{' and '.join(given)}: for one video only; leave it out for a folder")


def _render_all(
    source: Path, target: Path, suffix: str, overwrite: bool, render: Callable[[str, str], object]
) -> Summary:
    if target.suffix.lower() in VIDEO_SUFFIXES and not target.exists():
        raise InputError(
            f"{source} is a folder, and {target} is called like a file; name a folder as OUTPUT, and the kind of its "
            f"files with --suffix {target.suffix}"
        )
    if target.resolve() == source.resolve():
        raise InputError(f"{target} is the input folder itself; choose another OUTPUT")
    if target.exists() and not target.is_dir():
        raise SinkError(f"{target} is a file; a folder of videos is rendered into a folder")
    summary = Summary()
    videos = list(_videos(source, target, summary))
    if not videos and not summary.failed:
        raise SourceError(f"there is no video in {source} (no file ends in .mp4, .mov, .mkv …)")
    outputs = _without_twins([(video, target / video.relative_to(source).with_suffix("")) for video in videos], summary)
    summary.open = len(outputs)
    try:
        for number, (video, bare) in enumerate(outputs, 1):
            output = bare.with_name(bare.name + suffix)
            typer.echo(f"rtskin: {number} of {len(outputs)}: {video.relative_to(source)}", err=True)
            _render_one(video, output, overwrite, render, summary)
            summary.open -= 1
    finally:
        typer.echo(f"rtskin: {summary}", err=True)
    if summary.failed:
        raise typer.Exit(1)
    return summary


def _render_one(
    video: Path, output: Path, overwrite: bool, render: Callable[[str, str], object], summary: Summary
) -> None:
    if os.path.lexists(output) and not overwrite:
        summary.skipped += 1
        return
    try:
        output.parent.mkdir(parents=True, exist_ok=True)
        render(str(video), str(output))
    except _NOT_OF_ONE_FILE:
        raise
    except (RtskinError, OSError) as error:
        why = str(error) if isinstance(error, RtskinError) else reason(error)
        typer.echo(f"rtskin: {video}: {why}", err=True)
        summary.failed.append(f"{video}: {why}")
    else:
        summary.rendered += 1


def _videos(source: Path, target: Path, summary: Summary) -> Iterator[Path]:
    """In order of their names, without hidden ones, what lies in ``target``, and work folders of other renders."""

    def unreadable(error: OSError) -> None:
        summary.failed.append(f"{error.filename}: {reason(error)}")

    own = target.resolve()
    for folder, folders, names in os.walk(source, onerror=unreadable):
        folders[:] = sorted(
            name
            for name in folders
            if not (name.startswith(".") or _is_work(name) or (Path(folder) / name).resolve() == own)
        )
        for name in sorted(names):
            if _is_video(name) and not name.startswith("."):
                yield Path(folder) / name


def _is_work(name: str) -> bool:
    """Whether a folder is named like the one where rtskin render keeps the masks of a video."""
    return name.endswith(".work") and _is_video(name.removesuffix(".work"))


def _is_video(name: str) -> bool:
    return Path(name).suffix.lower() in VIDEO_SUFFIXES


def _without_twins(outputs: list[tuple[Path, Path]], summary: Summary) -> list[tuple[Path, Path]]:
    """Those whose output is theirs alone; the others are failures."""
    owners: dict[Path, list[Path]] = {}
    for video, bare in outputs:
        owners.setdefault(bare, []).append(video)
    for twins in owners.values():
        if len(twins) > 1:
            names = " and ".join(str(video) for video in twins)
            summary.failed.append(f"{names} would become one file; rename one of them, or render them one by one")
    return [(video, bare) for video, bare in outputs if len(owners[bare]) == 1]
