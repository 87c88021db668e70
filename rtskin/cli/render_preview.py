"""rtskin render --preview: what it will look like, and the time and the room that it will take. Nothing is rendered."""

from __future__ import annotations

import math
import tempfile
import threading
from pathlib import Path

import typer

from rtskin.cli.render_options import Engine, RenderOptions
from rtskin.cli.render_progress import Reporter, say
from rtskin.cli.render_spec import Request
from rtskin.cli.session import on_interrupt, opencv_alone
from rtskin.errors import InputError
from rtskin.files import check_output
from rtskin.offline.estimate import Estimate, Room, estimate, rooms
from rtskin.offline.folder import WorkFolder
from rtskin.offline.plan import plan
from rtskin.offline.sheet import save_sheet
from rtskin.offline.trial import Trial, run_trial, stretches


def preview(request: Request, options: RenderOptions, samples: int, work: Path) -> None:
    """So many frames into a sheet, and an estimate on standard error; a line of JSON where that is asked for.

    work: where the render would keep what is done. InputError, SinkError as of the render; typer.Exit(1) after Ctrl-C.
    """
    if not request.again:
        raise InputError(
            f"--preview needs a file as INPUT and files as outputs; {options.source} is rendered in one pass"
        )
    sheet = options.sheet or Path(f"{request.targets[0][0].rstrip('/')}.preview.png")
    # Its own name says that it is ours to replace; any other is the user's.
    overwrite = options.sheet is None or options.overwrite
    if sheet.suffix.lower() != ".png":
        raise InputError(f"--sheet writes a file that ends in .png, not {sheet}")
    check_output(sheet, overwrite)
    stopping = threading.Event()
    with tempfile.TemporaryDirectory(prefix="rtskin-") as place:
        folder = plan(Path(place) / "work", request.wanted(request.outputs()))
        with on_interrupt(stopping.set), opencv_alone(), Reporter(options.as_json) as reporter:
            trial = _try(folder, samples, stopping, reporter)
        if trial is None or stopping.is_set():
            typer.echo("rtskin: interrupted; there is no preview", err=True)
            raise typer.Exit(1)
        save_sheet(folder, trial.samples, sheet, overwrite)
        # How many nodes a cluster will have is not known here.
        jobs = 1 if options.engine is Engine.RAY else options.jobs or 1
        estimated = estimate(folder, trial, jobs)
    needed = rooms(estimated, work)
    _say(estimated, needed, sheet, len(trial.samples), jobs)
    if options.as_json:
        _say_json(estimated, needed, sheet)


def _try(folder: WorkFolder, samples: int, stopping: threading.Event, reporter: Reporter) -> Trial | None:
    reporter.begin("preview", len(stretches(folder, samples)))

    def go_on(done: int) -> bool:
        reporter.update(done)
        return not stopping.is_set()

    return run_trial(folder, samples, go_on)


def _say(estimated: Estimate, needed: list[Room], sheet: Path, samples: int, jobs: int) -> None:
    workers = "1 worker" if jobs == 1 else f"{jobs} workers"
    lines = [
        f"{samples} of {estimated.frames} frames in {sheet}; nothing is rendered yet, the same command without --preview "
        "does it",
        f"time, about: {_time(estimated.seconds)}: masks {_time(estimated.masks)} with {workers}, output "
        f"{_time(estimated.outputs)}",
        f"room, about: {_size(estimated.mattes)} for masks until it is done, "
        + ", ".join(f"{_size(size)} for {path}" for path, size in estimated.files.items()),
    ]
    for room in needed:
        if not room.enough:
            lines.append(
                f"rtskin: not enough room: {_size(room.needed)} are needed at {room.place}, {_size(room.free)} are free"
            )
    typer.echo("\n".join(lines), err=True)


def _say_json(estimated: Estimate, needed: list[Room], sheet: Path) -> None:
    line = {"stage": "estimate", "frames": estimated.frames, "sheet": str(sheet)}
    seconds = {"masks_s": round(estimated.masks, 1), "output_s": round(estimated.outputs, 1)}
    sizes = {"mask_bytes": round(estimated.mattes), "outputs": {path: round(n) for path, n in estimated.files.items()}}
    disks = [{"path": str(room.place), "needed_bytes": round(room.needed), "free_bytes": room.free} for room in needed]
    say(line | seconds | sizes | {"disks": disks, "enough": all(room.enough for room in needed)})


def _time(seconds: float) -> str:
    """In words of two units at most: 0.8 s, 42 s, 3 min 20 s, 2 h 5 min."""
    if seconds < 10:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes} min {rest} s" if minutes else f"{rest} s"
    return f"{minutes // 60} h {minutes % 60} min"


def _size(size: float) -> str:
    """In decimal units, as disks are sold: 820 kB, 3.4 MB, 120 GB."""
    units = ("B", "kB", "MB", "GB", "TB")
    power = min(len(units) - 1, max(0, int(math.log10(max(1.0, size)) / 3)))
    return f"{size / 1000**power:.3g} {units[power]}"
