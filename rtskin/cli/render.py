"""rtskin render: every frame of a file once, at its own time, into a file."""

from __future__ import annotations

import os
import threading
from pathlib import Path
from typing import Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rtskin.cli import options as o
from rtskin.cli import render_options as r
from rtskin.cli import render_steps
from rtskin.cli.render_many import render_folder
from rtskin.cli.session import on_interrupt, show, statistics_to, write_json
from rtskin.errors import InputError
from rtskin.graph import Graph, GraphStatistics


def register(app: typer.Typer) -> None:
    """Add the verb, and its steps."""
    app.command("render")(render)
    render_steps.register(app)


def render(
    source: r.InputArgument,
    output: r.OutputArgument = None,
    model: o.ModelOption = None,
    view: o.ViewOption = None,
    matte: r.MatteOption = None,
    overlay: r.OverlayOption = None,
    start: r.StartOption = None,
    end: r.EndOption = None,
    smooth: o.SmoothOption = None,
    strength: o.StrengthOption = None,
    lookahead: o.LookaheadOption = None,
    every: o.EveryNumberOption = None,
    skip: o.SkipOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    size: o.SizeOption = None,
    classes: o.ClassOption = None,
    jobs: r.JobsOption = 1,
    segment: r.SegmentOption = None,
    work: r.WorkOption = None,
    keep: r.KeepOption = False,
    stats: o.StatsOption = None,
    as_json: r.ProgressOption = False,
    overwrite: o.OverwriteOption = False,
    suffix: r.SuffixOption = None,
) -> None:
    """Write masks for every frame of a file, at the frame's own time; audio is copied as it is.

    OUTPUT decides the format: .mkv (mattes are lossless), .mp4, .mov (mattes within 2 of 255), or numbered PNG images.
    Times stay those of INPUT, also with --start, so that both lie on one timeline.

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

      rtskin render talk.mp4 part.mp4 --view cutout --start 10 --end 20

      rtskin render talk.mp4 part.mkv --start 1:30 --end 4500f

      rtskin render clips mattes --suffix .mov

      ffmpeg -i clip.mp4 -f yuv4mpegpipe - | rtskin render - matte.mkv
    """
    # All options, whatever they are: each video of a folder gets the same.
    options = {key: value for key, value in locals().items() if key not in ("source", "output")}
    if os.path.isdir(source):
        render_folder(source, output, options, render)
        return
    if suffix is not None:
        raise InputError("--suffix is for a folder of videos; a file's OUTPUT is named whole")
    from rtskin.cli import render_spec as s

    views = {"matte": matte, "overlay": overlay}
    first = s.first_output(output, views)
    place = work or Path(f"{os.path.abspath(first)}.work")
    ours = s.is_complete(place)
    settings = o.settings(
        source,
        model,
        smooth,
        device,
        threads,
        size,
        infer_classes=classes,
        source_start=start,
        source_end=end,
        smooth_strength=strength,
        smooth_lookahead=lookahead,
        preprocess_skip=skip,
        render_view=view,
        sink=s.sink_for_output(source, first, overwrite, ours),
    )
    if not s.has_frame_table(source, first):
        if output is None or any(views.values()):
            raise InputError(f"several outputs need a file as INPUT, which {source} is not; name one OUTPUT")
        _at_once(Graph.from_toml(s.PIPELINE, settings, s.change_for(every)), stats)
        return
    _check_statistics(stats)
    spec = s.spec_for(settings, every)
    outputs = s.outputs_of(spec, source, output, views, overwrite, ours)
    from rtskin.cli import render_offline as offline
    from rtskin.offline.plan import plan

    wanted = s.wanted(source, spec, outputs, start, end, segment)
    folder = plan(place, wanted)
    job = offline.Job(folder, jobs, "the same command goes on", as_json)
    done = offline.run(job)
    offline.report(done, [part.path for part in outputs], as_json)
    _statistics(folder, done.frames, stats)
    if not keep:
        offline.remove(folder.path)


def _check_statistics(stats: Path | None) -> None:
    with statistics_to(stats, Graph()):
        pass


def _statistics(folder: Any, frames: int, stats: Path | None) -> None:
    from rtskin.offline.figures import figures

    statistics = figures(folder, frames)
    if stats is not None:
        write_json(stats, statistics.as_dict())
    show(statistics)


def _at_once(graph: Graph, stats: Path | None) -> None:
    """In one pass, for what cannot be read twice."""
    with statistics_to(stats, graph):
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
