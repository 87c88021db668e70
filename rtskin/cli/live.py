"""rtskin live: masks over a camera or a video, as it runs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Annotated

import typer

from rtskin.cli import options as o
from rtskin.cli import roi_options as r
from rtskin.cli.background import before
from rtskin.cli.graphs import graph_from
from rtskin.cli.live_sinks import sink_nodes, with_sinks
from rtskin.cli.session import run_graph, show
from rtskin.errors import InputError
from rtskin.graph.spec import GraphSpec
from rtskin.riding import with_budget, with_every, with_latest

#: The pipeline's node that has the view.
RENDER = "render"


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("live")(live)


def live(
    source: o.SourceArgument = None,
    model: o.ModelOption = None,
    view: o.ViewOption = None,
    background: o.BackgroundOption = None,
    sink: Annotated[
        list[str] | None,
        typer.Option(
            help="window, null, a video file, images (out.%04d.png), camera[:DEVICE] (a virtual one), rtmp:// rtsp:// or "
            "srt:// server; several at once by naming it again.",
            show_default="window",
        ),
    ] = None,
    start: o.StartOption = None,
    end: o.EndOption = None,
    decode: o.DecodeOption = None,
    pace: o.PaceOption = None,
    pairing: Annotated[
        o.Pairing,
        typer.Option(
            help="paired: each frame with its own mask; latest: the newest mask, moved onto the newest frame."
        ),
    ] = o.Pairing.PAIRED,
    smooth: o.SmoothOption = None,
    strength: o.StrengthOption = None,
    lookahead: Annotated[int | None, typer.Option(hidden=True)] = None,
    every: o.EveryOption = None,
    fps: o.FpsOption = None,
    latency: o.LatencyOption = None,
    skip: o.SkipOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    runtime: o.RuntimeOption = None,
    size: o.SizeOption = None,
    classes: o.ClassOption = None,
    labels: r.LabelsOption = None,
    hands: r.HandsOption = None,
    duration: o.DurationOption = None,
    stats: o.StatsOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Show masks over a camera or a video, as it runs.

    In the window: q quit, v next view, m next model, s smoothing, + - its strength, . , threshold, x mirror, f full screen,
    i statistics, p save a picture, r record, space pause, h help.

    Examples:

      rtskin live

      rtskin live clip.mp4 --start 1:30 --end 2:00

      rtskin live --view cutout --background beach.jpg

      rtskin live --view rois --hands mediapipe

      rtskin live rtsp://camera/stream --sink null --duration 60 --stats stats.json

      rtskin live clip.mp4 --pace max --sink masks.mkv --view matte

      rtskin live --view smooth-skin:strength=0.7+background-blur --sink window --sink camera --sink talk.mkv

      rtskin live --sink rtmp://localhost/live/skin

      rtskin live --model my/heavy/model.toml --every auto

      rtskin live --fps 30 --latency 50
    """
    if lookahead:
        raise InputError(
            f"--lookahead {lookahead} would show each mask {lookahead} frames late; live shows it at once. For a file use: "
            f"rtskin render INPUT OUTPUT --lookahead {lookahead}"
        )
    sinks = sink_nodes(sink or [], overwrite)
    own = {
        "infer_classes": classes,
        "infer_runtime": runtime,
        "source_start": start,
        "source_end": end,
        "source_decode": decode,
        "source_pace": pace,
        # Nothing has to keep up: the filter is not to depend on how busy the machine is.
        "smooth_in_time": False if pace is o.Pace.MAX else None,
        "smooth_strength": strength,
        "preprocess_skip": skip,
        "render_view": view,
        "regions_roi.labels": labels,
        "regions_hands": {} if hands is r.HandsBy.MEDIAPIPE else None,
        "sink": sinks[0] if sinks else None,
    }
    settings = o.settings(source, model, smooth, device, threads, size, **own)
    if pairing is o.Pairing.LATEST and pace is o.Pace.MAX:
        raise InputError("--pairing latest never waits for a mask and --pace max waits for all; use one of them")
    latest: Callable[[GraphSpec], GraphSpec] = partial(with_latest, every=every or 1)
    ride = latest if pairing is o.Pairing.LATEST else partial(with_every, every=every)
    if fps is not None or latency is not None:
        ride = _held(
            fps, latency, pace, every, waits=pairing is o.Pairing.PAIRED, light=smooth is None, small=size is None
        )

    def change(spec: GraphSpec) -> GraphSpec:
        shown = spec if background is None else _with_background(spec, background)
        return with_sinks(ride(shown), sinks[1:], live=pace is not o.Pace.MAX)

    show(run_graph(graph_from("live_overlay", settings, change), duration=duration, stats=stats))


def _with_background(spec: GraphSpec, background: str) -> GraphSpec:
    views = [str(spec.nodes[RENDER].options.get("view", ""))] if RENDER in spec.nodes else []
    return spec.override({f"{RENDER}.view": view for view in before(background, [view for view in views if view])})


def _held(
    fps: float | None, latency: float | None, pace: o.Pace | None, every: str | None, **free: bool
) -> Callable[[GraphSpec], GraphSpec]:
    """The pipeline with a budget; what was asked for by name is not given up."""
    if pace is o.Pace.MAX:
        raise InputError("--fps and --latency hold a live stream to a budget, and with --pace max every frame waits")
    if every is not None:
        raise InputError(f"--every {every} and a budget: --fps and --latency choose how often the network runs")
    given = {key: value for key, value in (("fps", fps), ("latency", latency)) if value is not None}
    for key, value in given.items():
        if not 0 < value < float("inf"):
            unit = "frames a second" if key == "fps" else "milliseconds"
            raise InputError(f"--{key} is {unit}, more than 0, not {value:g}")
    return lambda spec: with_budget(spec, **given, **free)
