"""rtskin render: every frame of a file once, at its own time, into a file."""

from __future__ import annotations

import os
import threading
from functools import partial
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from rtskin.capture.kinds import kind_of
from rtskin.cli import options as o
from rtskin.cli.live import sink_node
from rtskin.cli.session import on_interrupt, show, statistics_to
from rtskin.errors import InputError
from rtskin.graph import Graph, GraphStatistics
from rtskin.riding import with_every


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("render")(render)


def render(
    source: Annotated[str, typer.Argument(metavar="INPUT", help="Video file, or numbered images (shot.%04d.png).")],
    output: Annotated[str, typer.Argument(metavar="OUTPUT", help="Video file, or numbered images (mask.%04d.png).")],
    model: o.ModelOption = None,
    view: o.ViewOption = None,
    start: Annotated[float | None, typer.Option(min=0.0, help="First second.", show_default=False)] = None,
    end: Annotated[float | None, typer.Option(min=0.0, help="End before this second.", show_default=False)] = None,
    smooth: o.SmoothOption = None,
    strength: o.StrengthOption = None,
    lookahead: o.LookaheadOption = None,
    every: o.EveryNumberOption = None,
    skip: o.SkipOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    size: o.SizeOption = None,
    classes: o.ClassOption = None,
    stats: o.StatsOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Write masks for every frame of a file, at the frame's own time; audio is copied as it is.

    OUTPUT decides the format: .mkv (mattes are lossless), .mp4, .mov (mattes within 2 of 255), or numbered PNG images.
    Times stay those of INPUT, also with --start, so that both lie on one timeline.

    Examples:

      rtskin render clip.mp4 matte.mkv

      rtskin render clip.mp4 overlay.mp4 --view overlay

      rtskin render shot.%04d.png mask.%04d.png --model mobile-unet

      rtskin render clip.mp4 matte.mkv --size still --lookahead 2

      rtskin render talk.mp4 part.mp4 --view cutout --start 10 --end 20
    """
    sink = sink_node(output, overwrite)
    if os.path.abspath(source) == os.path.abspath(output):
        raise InputError(f"{output} is the input itself; choose another OUTPUT")
    if kind_of(source) in ("camera", "network"):
        raise InputError(f"{source} may have no end; record it with: rtskin live {source} --pace max --sink {output}")
    if "path" not in sink:
        raise InputError(
            f"OUTPUT must be a file, not {output!r}; to show or time something use rtskin live --sink {output}"
        )
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
        sink=sink,
    )
    change = partial(with_every, every=every, repeats=True)
    graph = Graph.from_toml("offline_render", settings, change)
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
