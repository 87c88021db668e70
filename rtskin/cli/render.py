"""rtskin render: every frame of a file once, at its own time, into a file."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rtskin.cli import grouped, render_steps
from rtskin.cli import render_options as r
from rtskin.cli.render_many import render_folder
from rtskin.cli.render_told import Told, said_once
from rtskin.cli.session import on_interrupt, show, statistics_to, write_json
from rtskin.errors import InputError
from rtskin.graph import Graph, GraphStatistics

if TYPE_CHECKING:
    from rtskin.cli.render_spec import Request

#: What to choose where the work folder cannot be the one that was meant.
_ELSEWHERE = "another folder with --work"


def register(app: typer.Typer) -> None:
    """Add the verb, and its steps."""
    grouped.add(app, "render", render)
    render_steps.register(app)


def render(options: r.RenderOptions) -> None:
    """Write masks for every frame of a file, at the frame's own time; audio is copied as it is.

    OUTPUT decides the format: .mkv (mattes are lossless), .mp4 (within 2 of 255), .mov, .webm, numbered images (.%04d.png,
    .%04d.exr) or - for a pipe. Times stay those of INPUT, also with --start, so that both lie on one timeline; so do the
    numbers of images: they are those of the frames in INPUT, from 0, or of its own images.

    What is done survives whatever stops it: the same command goes on, and the file has the same bytes. For several machines
    there are the steps: rtskin render plan, rtskin render work, rtskin render finish.

    A folder of videos becomes a folder of the same tree; what is there already is skipped, and a video that fails does not
    stop the others (the exit status says that there was one).

    Examples:

      rtskin render clip.mp4 matte.mkv

      rtskin render clip.mp4 overlay.mp4 --view overlay

      rtskin render clip.mp4 --matte matte.mkv --overlay overlay.mp4 --jobs 4

      rtskin render shot.%04d.png mask.%04d.png --model mobile-unet

      rtskin render clip.mp4 matte.mkv --size still --lookahead 2

      rtskin render clip.mp4 fine.mkv --refine

      rtskin render talk.mp4 part.mp4 --view cutout --start 10 --end 20

      rtskin render talk.mp4 part.mkv --start 1:30 --end 4500f

      rtskin render talk.mp4 cut.mp4 --view cutout --background beach.jpg

      rtskin render long.mp4 matte.mkv --preview 9

      rtskin render long.mp4 matte.mkv --engine ray --address auto

      rtskin render clips mattes --suffix .mov

      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | rtskin render - matte.mkv
    """
    if os.path.isdir(options.source):
        render_folder(options, render_one, _check_for_all)
    else:
        render_one(options)


def render_one(options: r.RenderOptions) -> None:
    """The same for what is no folder."""
    if options.suffix is not None:
        raise InputError("--suffix is for a folder of videos; a file's OUTPUT is named whole")
    from rtskin.cli.render_spec import Request

    request = Request.of(options)
    _check_statistics(options.stats)
    if options.sheet is not None and options.preview is None:
        raise InputError("--sheet is where a preview goes; add --preview 9")
    if options.preview is not None:
        from rtskin.cli.render_preview import preview

        preview(request, options, options.preview, _place(request, options))
    elif request.again:
        with said_once(options.source) as told:
            _in_segments(request, options, told)
    else:
        _at_once(request, options)


def _check_for_all(options: r.RenderOptions) -> None:
    """What every video of a folder would end with."""
    from rtskin.cli.render_offline import check_engine
    from rtskin.cli.render_spec import check_for_all

    check_engine(options.engine, options.address)
    check_for_all(options)


def _in_segments(request: Request, options: r.RenderOptions, told: Told) -> None:
    from rtskin.cli import render_offline as offline
    from rtskin.offline.figures import figures
    from rtskin.offline.finish import is_complete
    from rtskin.offline.plan import plan
    from rtskin.offline.removal import remove, sweep
    from rtskin.offline.reuse import refuse_place

    offline.check_engine(options.engine, options.address)
    place = _place(request, options)
    if options.stats is not None:
        refuse_place(place, [str(options.stats)], _ELSEWHERE)
    sweep(place)
    outputs = request.outputs(ours=is_complete(place))
    folder = plan(place, request.wanted(outputs, elsewhere=_ELSEWHERE))
    job = offline.Job(
        folder, "the same command goes on", options.as_json, options.jobs, options.engine, options.address
    )
    done = offline.run(job)
    offline.report(done, told, options.source, [part.path for part in outputs], options.as_json)
    statistics = figures(folder, done.frames)
    if options.stats is not None:
        write_json(options.stats, statistics.as_dict())
    show(statistics)
    if not options.keep:
        remove(folder.path)


def _place(request: Request, options: r.RenderOptions) -> Path:
    """Of the work folder."""
    return options.work or Path(f"{os.path.abspath(request.targets[0][0])}.work")


def _check_statistics(stats: Path | None) -> None:
    with statistics_to(stats, Graph()):
        pass


def _at_once(request: Request, options: r.RenderOptions) -> None:
    """In one pass, for what cannot be read twice. InputError for options that need an input that can."""
    from rtskin.cli.render_spec import once

    for given, name in (
        ((options.jobs or 1) > 1, "--jobs"),
        (options.engine is not r.Engine.LOCAL, "--engine"),
        (options.address is not None, "--address"),
        (options.segment is not None, "--segment"),
        (options.work is not None, "--work"),
        (options.keep, "--keep"),
        (options.as_json, "--json"),
    ):
        if given:
            raise InputError(
                f"{name} needs a file as INPUT and files as outputs; {options.source} is rendered in one pass"
            )
    graph = once(request.spec, request.outputs())
    with statistics_to(options.stats, graph):
        statistics = run_with_progress(graph)
    show(statistics)


def run_with_progress(graph: Graph) -> GraphStatistics:
    """Run to the end; Ctrl-C stops at once, since half a video is no result, and the exit status says so."""
    interrupted = threading.Event()

    def stop() -> None:
        interrupted.set()
        graph.stop()

    columns = (TextColumn("rendering"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with on_interrupt(stop), Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        graph.start()
        task = progress.add_task("rendering", total=None)
        while not graph.wait(0.2):
            progress.update(task, completed=graph.statistics().frames["rendered"], total=_total(graph))
    statistics = graph.statistics()
    if interrupted.is_set():
        kept = "half a video is not kept (images are)"
        typer.echo(f"rtskin: interrupted after {statistics.frames['rendered']} frames; {kept}", err=True)
        raise typer.Exit(1)
    return statistics


def _total(graph: Graph) -> int | None:
    """How many frames there will be, where the container says so."""
    info = getattr(graph.nodes["source"], "info", None)
    return info.frames if info else None
