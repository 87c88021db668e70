"""rtskin roi: regions of skin as a feed of JSON lines."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from rtskin.cli import options as o
from rtskin.cli.session import run_graph
from rtskin.graph import Graph
from rtskin.riding import with_every


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("roi")(roi)


def roi(
    source: o.SourceArgument = None,
    out: Annotated[str | None, typer.Option(help="File, or - for standard output.", show_default="-")] = None,
    model: o.ModelOption = None,
    pace: o.PaceOption = None,
    smooth: o.SmoothOption = None,
    strength: o.StrengthOption = None,
    every: o.EveryOption = None,
    skip: o.SkipOption = None,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    size: o.SizeOption = None,
    classes: o.ClassOption = None,
    duration: o.DurationOption = None,
    stats: o.StatsOption = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Write the regions of skin, or of other classes, of each frame, one JSON object a line.

    {"v": 1, "seq": …, "pts": …, "time": …, "age_ms": …, "width": …, "height": …,
    "rois": [{"id": …, "box": [x, y, w, h], "area": …, "score": …}]}

    Examples:

      rtskin roi

      rtskin roi clip.mp4 --pace max --out regions.jsonl

      rtskin roi 0 | my-gesture-program

      rtskin roi clip.mp4 --model mobile-unet-parts --class person
    """
    settings = o.settings(
        source,
        model,
        smooth,
        device,
        threads,
        size,
        infer_classes=classes,
        source_pace=pace,
        # Nothing has to keep up: the filter is not to depend on how busy the machine is.
        smooth_in_time=False if pace is o.Pace.MAX else None,
        feed_out=out,
        feed_overwrite=overwrite or None,
        smooth_strength=strength,
        preprocess_skip=skip,
    )
    run_graph(
        Graph.from_toml("gesture_roi", settings, partial(with_every, every=every)), duration=duration, stats=stats
    )
