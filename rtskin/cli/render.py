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
    view: r.ViewOption = None,
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
    codec: r.CodecOption = None,
    crf: r.CrfOption = None,
    bits: r.BitsOption = None,
    segment: r.SegmentOption = None,
    work: r.WorkOption = None,
    keep: r.KeepOption = False,
    stats: o.StatsOption = None,
    as_json: r.ProgressOption = False,
    overwrite: o.OverwriteOption = False,
    suffix: r.SuffixOption = None,
) -> None:
    """Write masks for every frame of a file, at the frame's own time; audio is copied as it is.

    OUTPUT decides the format: .mkv (mattes are lossless), .mp4 (within 2 of 255), .mov, .webm, numbered images (.%04d.png,
    .%04d.exr) or - for a pipe. Times stay those of INPUT, also with --start, so that both lie on one timeline.

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
    chosen = {key: value for key, value in locals().items() if key not in ("source", "output")}
    if os.path.isdir(source):
        render_folder(source, output, chosen, render)
        return
    if suffix is not None:
        raise InputError("--suffix is for a folder of videos; a file's OUTPUT is named whole")
    from rtskin.cli import render_offline as offline
    from rtskin.cli import render_spec as s

    targets = s.targets_of(output, view, {"matte": matte, "overlay": overlay})
    s.check_source(source, targets)
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
    )
    spec = s.spec_for(settings, every)
    _check_statistics(stats)
    options = o.given({"codec": codec, "crf": crf, "bits": bits, "overwrite": overwrite or None})
    if not s.can_be_read_again(source, targets):
        _refuse_steps(source, jobs, as_json)
        _at_once(s.once(spec, s.outputs_of(spec, source, targets, options)), stats)
        return
    place = work or Path(f"{os.path.abspath(targets[0][0])}.work")
    offline.sweep(place)
    s.read_table(source)  # before anything else is said of it: it may be no video
    outputs = s.outputs_of(spec, source, targets, options, ours=s.is_complete(place))
    _in_segments(place, s.wanted(source, spec, outputs, start, end, segment), jobs, keep, stats, as_json)


def _in_segments(place: Path, wanted: Any, jobs: int, keep: bool, stats: Path | None, as_json: bool) -> None:
    from rtskin.cli import render_offline as offline
    from rtskin.offline.figures import figures
    from rtskin.offline.plan import plan

    folder = plan(place, wanted)
    done = offline.run(offline.Job(folder, jobs, "the same command goes on", as_json))
    offline.report(done, [part.path for part in wanted.outputs], as_json)
    statistics = figures(folder, done.frames)
    if stats is not None:
        write_json(stats, statistics.as_dict())
    show(statistics)
    if not keep:
        offline.remove(folder.path)


def _check_statistics(stats: Path | None) -> None:
    with statistics_to(stats, Graph()):
        pass


def _refuse_steps(source: str, jobs: int, as_json: bool) -> None:
    """InputError for options that need an input that can be read again."""
    for given, name in ((jobs > 1, "--jobs"), (as_json, "--json")):
        if given:
            raise InputError(f"{name} needs a file as INPUT and files as outputs; {source} is rendered in one pass")


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
