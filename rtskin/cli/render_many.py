"""A folder of videos, one after the other: the tree is kept, and no file stops those after it."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import typer

from rtskin.cli.render_options import RenderOptions
from rtskin.errors import InputError, RtskinError, SinkError, SourceError, reason

log = logging.getLogger("rtskin.cli")

#: What counts as a video in a folder; other files are no errors, they only lie beside.
VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".h264", ".hevc", ".m2ts", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".mts", ".mxf"}
    | {".nut", ".ogv", ".ts", ".vob", ".webm", ".wmv", ".y4m"}
)

#: Options of the verb that name a file.
_OF_ONE_FILE = ("matte", "overlay", "work", "stats", "preview", "sheet")


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


Verb = Callable[[RenderOptions], object]


def render_folder(options: RenderOptions, render: Verb, check: Verb) -> Summary:
    """Calls ``render`` for the videos below ``options.source``, which become ``options.output`` of the same tree.

    options: of them, ``suffix`` (None: .mkv) is what a video's own is replaced by. check: called with the first video before
    it is begun, raises what every one would end with (a model or a view that is none). What is there already is skipped
    unless it is to be overwritten. A video that cannot be rendered, for whatever reason, is said and counted, and the next
    one is begun; so are two that would become the same file, neither of which is rendered. The summary is printed whatever
    happens. InputError: options or folders that cannot be used; SourceError: there is no video; errors of ``check``.
    typer.Exit(1) if a video failed, or if it was interrupted.
    """
    _refuse_options_of_one(options)
    if options.output is None:
        raise InputError(f"{options.source} is a folder; name a folder as OUTPUT, too")
    suffix = options.suffix or ".mkv"
    if not suffix.startswith("."):
        raise InputError(f"--suffix begins with a dot (.mkv), unlike {suffix!r}")
    target = Path(options.output)
    _check_folders(Path(options.source), target)
    summary = Summary()
    outputs = _outputs(Path(options.source), target, suffix, summary)
    todo = [replace(options, source=str(video), output=str(output), suffix=None) for video, output in outputs]
    for first in todo[:1]:
        check(first)
    return _render_all(todo, render, summary)


def _refuse_options_of_one(options: RenderOptions) -> None:
    given = [f"--{name}" for name in _OF_ONE_FILE if getattr(options, name) is not None]
    if given:
        raise InputError(f"{' and '.join(given)}: for one video only; leave it out for a folder")


def _check_folders(source: Path, target: Path) -> None:
    if target.suffix.lower() in VIDEO_SUFFIXES and not target.exists():
        raise InputError(
            f"{source} is a folder, and {target} is called like a file; name a folder as OUTPUT, and the kind of its "
            f"files with --suffix {target.suffix}"
        )
    if target.resolve() == source.resolve():
        raise InputError(f"{target} is the input folder itself; choose another OUTPUT")
    if target.exists() and not target.is_dir():
        raise SinkError(f"{target} is a file; a folder of videos is rendered into a folder")


def _outputs(source: Path, target: Path, suffix: str, summary: Summary) -> list[tuple[Path, Path]]:
    """The videos, and what each becomes."""
    videos = list(_videos(source, target, summary))
    if not videos and not summary.failed:
        raise SourceError(f"there is no video in {source} (no file ends in .mp4, .mov, .mkv …)")
    bare = _without_twins([(video, target / video.relative_to(source).with_suffix("")) for video in videos], summary)
    return [(video, name.with_name(name.name + suffix)) for video, name in bare]


def _render_all(todo: list[RenderOptions], render: Verb, summary: Summary) -> Summary:
    summary.open = len(todo)
    try:
        for number, options in enumerate(todo, 1):
            typer.echo(f"rtskin: {number} of {len(todo)}: {options.source}", err=True)
            _render_one(options, render, summary)
            summary.open -= 1
    finally:
        typer.echo(f"rtskin: {summary}", err=True)
    if summary.failed:
        raise typer.Exit(1)
    return summary


def _render_one(options: RenderOptions, render: Verb, summary: Summary) -> None:
    assert options.output is not None
    if os.path.lexists(options.output) and not options.overwrite:
        summary.skipped += 1
        return
    try:
        Path(options.output).parent.mkdir(parents=True, exist_ok=True)
        render(options)
    except typer.Exit:
        raise  # it was interrupted
    except Exception as error:  # whatever a strange file brings about: the others are rendered
        log.debug("%s", options.source, exc_info=True)
        why = _why(error)
        line = why if options.source in why else f"{options.source}: {why}"
        typer.echo(f"rtskin: {line}", err=True)
        summary.failed.append(line)
    else:
        summary.rendered += 1


def _why(error: Exception) -> str:
    if isinstance(error, RtskinError):
        return str(error)
    return reason(error) if isinstance(error, OSError) else f"{type(error).__name__}: {reason(error)}"


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
