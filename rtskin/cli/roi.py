"""rtskin roi: regions of skin as a feed of JSON messages."""

from __future__ import annotations

import json

import typer

from rtskin.cli import options as o
from rtskin.cli import roi_options as r
from rtskin.cli.graphs import graph_from
from rtskin.cli.roi_spec import with_hands, with_plot
from rtskin.cli.session import run_graph
from rtskin.graph.spec import GraphSpec
from rtskin.riding import with_every


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("roi")(roi)


def roi(
    source: o.SourceArgument = None,
    out: r.OutOption = None,
    only: r.OnlyOption = None,
    message_every: r.MessageEveryOption = None,
    crops: r.CropsOption = None,
    labels: r.LabelsOption = None,
    hands: r.HandsOption = None,
    min_size: r.MinSizeOption = None,
    max_size: r.MaxSizeOption = None,
    max_regions: r.MaxRegionsOption = None,
    ignore: r.IgnoreOption = None,
    mirrored: r.MirroredOption = None,
    plot: r.PlotOption = None,
    schema: r.SchemaOption = False,
    model: o.ModelOption = None,
    start: o.StartOption = None,
    end: o.EndOption = None,
    decode: o.DecodeOption = None,
    pace: o.PaceOption = None,
    smooth: o.SmoothOption = None,
    strength: o.StrengthOption = None,
    every: o.EveryOption = None,
    skip: o.SkipOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    runtime: o.RuntimeOption = None,
    size: o.SizeOption = None,
    classes: o.ClassOption = None,
    duration: o.DurationOption = None,
    stats: o.StatsOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Follow the hands and faces (or regions of other classes) of each frame, one JSON object a frame.

    {"v": 1, "seq": …, "time": …, "age_ms": …, "width": …, "height": …, "rois": [{"id": …, "label": "hand",
    "box": \\[x, y, w, h], "velocity": \\[x, y], "state": "tracked", …}], "events": [{"kind": "found", "id": …}]}

    A region keeps its id while it is covered, crosses others, or leaves and comes back within 2 s. rtskin roi --schema
    says what is in a message; rtskin live --view rois shows it.

    Examples:

      rtskin roi

      rtskin roi clip.mp4 --pace max --out regions.jsonl --plot tracks.png

      rtskin roi 0 --only hand --out osc://127.0.0.1:9000 --out ws://127.0.0.1:8765

      rtskin roi 0 --out mqtt://broker/room1/hands --message-every 5

      rtskin roi 0 --hands mediapipe --out zmq://127.0.0.1:5555 --crops

      rtskin roi clip.mp4 --ignore "0,0 0.2,0 0.2,0.1 0,0.1" --min-size 24px

      rtskin roi clip.mp4 --start 10 --end 1:30 --pace max --out part.jsonl

      rtskin roi clip.mp4 --model mobile-unet-parts --class person
    """
    if schema:
        print_schema()
        return
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
        source_decode=decode,
        infer_runtime=runtime,
        source_pace=pace,
        # Nothing has to keep up: the filter is not to depend on how busy the machine is.
        smooth_in_time=False if pace is o.Pace.MAX else None,
        smooth_strength=strength,
        preprocess_skip=skip,
        roi_labels=labels,
        roi_min_size=min_size,
        roi_max_size=max_size,
        roi_max_regions=max_regions,
        roi_ignore=ignore or None,
        feed_out=out or None,
        feed_overwrite=overwrite or None,
        feed_only=r.labels_of(only),
        feed_every=message_every,
        feed_crops=crops,
        feed_mirrored=mirrored,
    )

    def change(spec: GraphSpec) -> GraphSpec:
        return with_plot(with_hands(with_every(spec, every), hands, bool(mirrored)), plot, overwrite)

    run_graph(graph_from("gesture_roi", settings, change), duration=duration, stats=stats)


def print_schema() -> None:
    """The JSON Schema of a message, on standard output."""
    from rtskin.roi.message import schema

    typer.echo(json.dumps(schema(), indent=2, ensure_ascii=False))
