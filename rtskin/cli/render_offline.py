"""Rendering a file in segments: plan, work and finish one after the other, with what is done kept if it is stopped."""

from __future__ import annotations

import importlib.util
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

import typer

from rtskin.allocator import give_back_large_blocks
from rtskin.cli.render_options import Engine
from rtskin.cli.render_progress import Reporter, counted, say
from rtskin.cli.render_told import Told
from rtskin.cli.session import on_interrupt, opencv_alone
from rtskin.errors import InputError, MissingExtraError, RtskinError
from rtskin.offline.finish import Finished, finish
from rtskin.offline.folder import WorkFolder
from rtskin.offline.local import frames_done, make_masks
from rtskin.offline.stored import damaged_segments


@dataclass(frozen=True)
class Job:
    """folder: planned. again: what to type to go on after it was stopped. jobs: workers (None: as many as is usual), run by
    that engine, at that address."""

    folder: WorkFolder
    again: str
    as_json: bool = False
    jobs: int | None = None
    engine: Engine = Engine.LOCAL
    address: str | None = None


def check_engine(engine: Engine, address: str | None) -> None:
    """To be asked before the work: InputError, MissingExtraError."""
    if address is not None and engine is not Engine.RAY:
        raise InputError("--address is that of a Ray cluster; add --engine ray")
    if engine is Engine.RAY and importlib.util.find_spec("ray") is None:
        raise MissingExtraError("ray", "ray", "--engine ray")


@contextmanager
def at_work(as_json: bool) -> Iterator[tuple[threading.Event, Reporter]]:
    """What is set by Ctrl-C and SIGTERM, and what progress is told, while masks or outputs are made."""
    stopping = threading.Event()
    give_back_large_blocks()
    with on_interrupt(stopping.set), opencv_alone(), Reporter(as_json) as reporter:
        yield stopping, reporter


def run(job: Job) -> Finished:
    """Masks and outputs. Ctrl-C and SIGTERM stop it: typer.Exit(1), after saying how to go on."""
    for segment in damaged_segments(job.folder):
        job.folder.redo(segment)
    with at_work(job.as_json) as (stopping, reporter):
        try:
            done = masks(job, stopping, reporter) and outputs(job, stopping, reporter)
        except InputError:
            raise
        except RtskinError as error:
            error.args = (f"{error}; what is done is kept in {job.folder.path}: {job.again}",)
            raise
    if not done:
        interrupted(job)
    assert isinstance(done, Finished)
    return done


def masks(job: Job, stopping: threading.Event, reporter: Reporter) -> bool:
    """The first pass."""
    folder = job.folder
    part = folder.manifest.segments
    reporter.begin("masks", part.last - part.first, frames_done(folder))
    if job.engine is Engine.RAY:
        from rtskin.offline import ray_engine

        return ray_engine.make_masks(folder, job.address, job.jobs, stopping, reporter.update)
    return make_masks(folder, job.jobs or 1, stopping, reporter.update)


def outputs(job: Job, stopping: threading.Event, reporter: Reporter) -> Finished | None:
    """The last pass."""
    part = job.folder.manifest.segments
    reporter.begin("output", part.last - part.first)
    return finish(job.folder, stopping, reporter.update)


def interrupted(job: Job) -> None:
    """Says what is done and how to go on; typer.Exit(1)."""
    done, total = len(job.folder.done()), len(job.folder.segments)
    typer.echo(
        f"rtskin: interrupted after {done} of {total} segments, kept in {job.folder.path}; {job.again}", err=True
    )
    raise typer.Exit(1)


def report(done: Finished, told: Told, source: str, paths: Sequence[str], as_json: bool) -> None:
    """What was written, on standard error; as a last line of JSON too. told: what was said of the source meanwhile."""
    if done.cut:
        why = f"{told.cut}; " if told.cut else ": "
        typer.echo(f"rtskin: {source} is cut short{why}there is more of it than could be rendered", err=True)
    if done.held:
        what = f"{counted(done.held, 'frame')} of {source} could not be decoded{told.lost}"
        show = "it shows" if done.held == 1 else "they show"
        typer.echo(f"rtskin: {what}; {show} the picture and the mask before", err=True)
    typer.echo(f"{counted(done.frames, 'frame')} in {', '.join(paths)}", err=True)
    if as_json:
        say({"stage": "done", "frames": done.frames, "held": done.held, "cut": done.cut, "outputs": list(paths)})
