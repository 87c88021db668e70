"""Options that several verbs share, so that they read and behave alike."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

#: What --help calls the default of an option that only overrides what the verb's pipeline file says.
_PIPELINES = "the pipeline's"


class Pace(StrEnum):
    """source: as it was recorded, frames may be dropped. max: every frame, as fast as it goes."""

    SOURCE = "source"
    MAX = "max"


class Pairing(StrEnum):
    """paired: each frame with its own mask. latest: the newest frame with the newest mask."""

    PAIRED = "paired"
    LATEST = "latest"


SourceArgument = Annotated[
    str | None,
    typer.Argument(
        show_default="camera 0",
        help="Camera number or path, video file, rtsp:// or http:// stream, images (shot.%04d.png), pattern: or demo:",
    ),
]
ModelOption = Annotated[
    str | None, typer.Option("--model", "-m", help="Name of a model, or the path of a card.", show_default=_PIPELINES)
]
ViewOption = Annotated[
    str | None,
    typer.Option(
        "--view",
        help="overlay, matte, cutout, rois, background-blur, smooth-skin …; also joined: feather:radius=4+cutout",
        show_default=_PIPELINES,
    ),
]
SmoothOption = Annotated[
    str | None,
    typer.Option(
        "--smooth", help="Temporal filter: auto, flow, adaptive, prior, ema or none.", show_default=_PIPELINES
    ),
]
StrengthOption = Annotated[
    float | None,
    typer.Option("--strength", min=0.0, max=1.0, help="Of the temporal filter, 0 … 1.", show_default="0.5"),
]
LookaheadOption = Annotated[
    int | None,
    typer.Option(
        "--lookahead",
        metavar="N",
        help="Average each mask with those of N frames (0 … 16) before and after it, moved along.",
        show_default="0",
    ),
]
SkipOption = Annotated[
    bool | None,
    typer.Option("--skip/--no-skip", help="Let a picture that stands still keep its mask.", show_default=_PIPELINES),
]
EveryOption = Annotated[
    str | None,
    typer.Option(
        "--every",
        metavar="N|auto",
        help="Run the network every N frames, or as often as it keeps up (auto); between them the mask follows the picture.",
        show_default="1",
    ),
]
FpsOption = Annotated[
    float | None,
    typer.Option(
        "--fps",
        metavar="N",
        help="Show N frames a second: smoothing, the network's input, and how often it runs are chosen as the machine's "
        "load changes.",
        show_default=False,
    ),
]
LatencyOption = Annotated[
    float | None,
    typer.Option(
        "--latency", metavar="MS", help="The same for milliseconds from camera to screen (95 %).", show_default=False
    ),
]
#: Where the same file is to give the same masks: auto goes by the clock.
EveryNumberOption = Annotated[
    str | None,
    typer.Option(
        "--every",
        metavar="N",
        help="Run the network every N frames; between them the mask follows the picture.",
        show_default="1",
    ),
]
DeviceOption = Annotated[str | None, typer.Option("--device", help="auto, cpu or cuda.", show_default=_PIPELINES)]
RuntimeOption = Annotated[
    str | None,
    typer.Option(
        "--runtime",
        help="What runs the network: auto, onnxruntime, openvino, torch, tensorrt, litert (see rtskin tune).",
        show_default="auto",
    ),
]
ThreadsOption = Annotated[
    int | None, typer.Option("--threads", min=1, help="Threads of the network's runtime.", show_default=False)
]
_SIZES = "Size of the network's input: live (fast), still (finer), small (fastest), or WIDTHxHEIGHT."
SizeOption = Annotated[str | None, typer.Option("--size", help=_SIZES, show_default="live")]
StillSizeOption = Annotated[str | None, typer.Option("--size", help=_SIZES, show_default="still")]
MirrorOption = Annotated[
    bool | None,
    typer.Option(
        "--mirror/--no-mirror",
        help="Let the network look at the mirror image too and average both answers: better masks in twice the time.",
        show_default="with --size still",
    ),
]
ClassOption = Annotated[
    str | None,
    typer.Option(
        "--class",
        metavar="A,B",
        help="What masks are of, where the model knows more than skin: its classes, !NAME (all but that), person.",
        show_default="skin",
    ),
]
RefinerOption = Annotated[
    str | None,
    typer.Option("--refiner", help="What refines: a model's name, or the path of a card.", show_default="the bundled"),
]
TilesOption = Annotated[
    int | None,
    typer.Option("--tiles", min=1, help="Refine at most so many tiles of a picture.", show_default="all worth it"),
]
PaceOption = Annotated[
    Pace | None,
    typer.Option("--pace", help="source: like a camera; max: every frame, nothing dropped.", show_default="source"),
]
DurationOption = Annotated[
    float | None, typer.Option("--duration", min=0.0, help="End after so many seconds.", show_default=False)
]
StatsOption = Annotated[
    Path | None, typer.Option("--stats", help="Write the statistics there as JSON.", show_default=False)
]
OverwriteOption = Annotated[bool, typer.Option("--overwrite", help="Replace what is there already.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Report as JSON on standard output.")]


BackgroundOption = Annotated[
    str | None,
    typer.Option(
        "--background",
        metavar="COLOUR|FILE",
        help="What a cutout stands before: rrggbb, or an image or video, which fills the picture (edges are cut off); a "
        "video plays along and begins again at its end.",
        show_default=_PIPELINES,
    ),
]
DecodeOption = Annotated[
    str | None,
    typer.Option(
        "--decode",
        metavar="cpu|cuda[:N]",
        help="What decodes a file or network stream: the processor, or an NVIDIA GPU (an error where that cannot be).",
        show_default="cpu",
    ),
]
StartOption = Annotated[
    str | None,
    typer.Option(
        "--start",
        metavar="POINT",
        help="Of a file: begin at this second (12.5), clock (1:02:03.5) or frame (300f). Images that are written keep the "
        "numbers of the file's frames.",
        show_default=False,
    ),
]
EndOption = Annotated[
    str | None, typer.Option("--end", metavar="POINT", help="End before this one.", show_default=False)
]


def settings(
    source: str | None,
    model: str | None,
    smooth: str | None,
    device: str | None,
    threads: int | None,
    size: str | None,
    **others: Any,
) -> dict[str, Any]:
    """What every bundled pipeline knows, by its nodes' names, with the verb's own (``source_pace`` is source.pace)."""
    own = {key.replace("_", ".", 1): value for key, value in others.items()}
    return given(
        {
            "source.uri": source,
            "infer.model": model,
            "infer.device": device,
            "infer.threads": threads,
            "infer.size": size,
            "smooth.method": smooth,
            **own,
        }
    )


def given(settings: dict[str, Any]) -> dict[str, Any]:
    """Only the settings that were given, as plain values, so that the pipeline's own stand for the others."""
    plain = {key: value.value if isinstance(value, StrEnum) else value for key, value in settings.items()}
    return {key: value for key, value in plain.items() if value is not None}
