"""rtskin render plan, work and finish: the same in steps, for as many machines as share a folder."""

from __future__ import annotations

import os
import sys
import threading

import typer

from rtskin.cli import grouped
from rtskin.cli import render_options as r
from rtskin.cli.render_progress import counted
from rtskin.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the steps, each a verb of two words."""
    for name, step in (("plan", plan), ("work", work), ("finish", finish)):
        grouped.add(app, f"render {name}", step)


def plan(folder: r.NewFolderArgument, options: r.PlanOptions, lease: r.LeaseOption = 60.0) -> None:
    """Plan a render: settle every choice, and write it with the frame table into a work folder. Nothing is rendered.

    Options are those of rtskin render.

    Example:

      rtskin render plan /shared/work clip.mp4 matte.mkv --size still
    """
    from rtskin.cli.render_spec import Request
    from rtskin.offline.plan import plan as make

    request = Request.of(options)
    if not request.again:
        raise InputError(f"{options.source} is no file, or an output is none; use rtskin render INPUT OUTPUT")
    made = make(folder, request.wanted(request.outputs(), lease_seconds=lease))
    part, segments = made.manifest.segments, counted(len(made.segments), "segment")
    typer.echo(
        f"{counted(part.last - part.first, 'frame')} in {segments}; next, as often and on as many machines as you like: "
        f"rtskin render work {folder}; then: rtskin render finish {folder}",
        err=True,
    )


def work(
    folder: r.FolderArgument,
    jobs: r.JobsOption = None,
    engine: r.EngineOption = r.Engine.LOCAL,
    address: r.AddressOption = None,
    as_json: r.ProgressOption = False,
    attached: r.AttachedOption = False,
) -> None:
    """Make masks of a planned render, until all are there; others may do the same, here and on other machines.

    Each segment is made by one worker; one that is silent for too long is replaced. Ctrl-C gives back what it is at.

    Example:

      rtskin render work /shared/work --jobs 2
    """
    from rtskin.cli import render_offline as offline
    from rtskin.cli.render_told import said_once
    from rtskin.offline.folder import WorkFolder

    offline.check_engine(engine, address)
    job = offline.Job(WorkFolder(folder), "the same command goes on", as_json, jobs, engine, address)
    with said_once(), offline.at_work(as_json) as (stopping, reporter):
        if attached:
            threading.Thread(target=_until_input_ends, args=(stopping,), name="attached", daemon=True).start()
        done = offline.masks(job, stopping, reporter)
    if not done:
        offline.interrupted(job)
    typer.echo(f"{counted(len(job.folder.segments), 'segment')} done; next: rtskin render finish {folder}", err=True)


def finish(folder: r.FolderArgument, as_json: r.ProgressOption = False) -> None:
    """Write the outputs of a planned render whose masks are all there. The work folder stays; remove it when you like.

    Example:

      rtskin render finish /shared/work
    """
    from rtskin.cli import render_offline as offline
    from rtskin.cli.render_told import said_once
    from rtskin.offline.folder import WorkFolder

    job = offline.Job(WorkFolder(folder), "the same command begins this pass again", as_json)
    source = job.folder.source()
    with said_once(source) as told, offline.at_work(as_json) as (stopping, reporter):
        done = offline.outputs(job, stopping, reporter)
    if done is None:
        offline.interrupted(job)
        return
    offline.report(done, told, source, [part.path for part in job.folder.manifest.outputs], as_json)


def _until_input_ends(stopping: threading.Event) -> None:
    """The process that started this one holds the other end, and has ended when this one does."""
    # Not sys.stdin: at the end of Python, a thread that waits there holds a lock which is then asked for.
    while os.read(sys.stdin.fileno(), 1):
        pass
    stopping.set()
