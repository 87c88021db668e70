"""Options of ``rtskin render`` and of its steps."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rtskin.cli import options as o


class Engine(StrEnum):
    """What runs the workers: this machine, or a Ray cluster."""

    LOCAL = "local"
    RAY = "ray"


class Copies(StrEnum):
    """Of what a source holds beside its pictures: everything, the audio alone, or nothing."""

    ALL = "all"
    AUDIO = "audio"
    NONE = "none"


_INPUT = "Video file, numbered images (shot.%04d.png), a folder of videos, or - for a pipe."
InputArgument = Annotated[str, typer.Argument(metavar="INPUT", help=_INPUT)]
OutputArgument = Annotated[
    str | None,
    typer.Argument(
        metavar="OUTPUT",
        help="Video file, images (mask.%04d.png, or a folder/), a folder for a folder of videos, or - for a pipe.",
        show_default=False,
    ),
]
FolderArgument = Annotated[Path, typer.Argument(metavar="WORK", help="The work folder, as rtskin render plan made it.")]
NewFolderArgument = Annotated[Path, typer.Argument(metavar="WORK", help="The work folder; made where it is not there.")]
MatteOption = Annotated[
    str | None,
    typer.Option("--matte", metavar="FILE", help="Write a matte there too, in the same pass.", show_default=False),
]
OverlayOption = Annotated[
    str | None,
    typer.Option("--overlay", metavar="FILE", help="Write an overlay there too, in the same pass.", show_default=False),
]
ViewOption = Annotated[
    str | None,
    typer.Option(
        "--view",
        help="matte, alpha (the picture, with the mask for its alpha), overlay, cutout, pixelate, side-by-side, rois …; "
        "also joined: feather:radius=4+cutout",
        show_default="the pipeline's",
    ),
]
RefineOption = Annotated[
    bool | None,
    typer.Option(
        "--refine",
        help="Look again at edges and at what is uncertain, in tiles of the frame's own size: finer, and slower.",
        show_default="off",
    ),
]
CodecOption = Annotated[
    str | None,
    typer.Option(
        "--codec",
        help="h264, ffv1, prores or vp9; by an NVIDIA GPU h264_nvenc, hevc_nvenc or av1_nvenc.",
        show_default="by extension and view",
    ),
]
CrfOption = Annotated[
    int | None,
    typer.Option(
        "--crf",
        min=0,
        max=63,
        help="Of H.264 and VP9: smaller is finer and larger.",
        show_default="18; VP9: 20, alpha 8",
    ),
]
BitsOption = Annotated[
    int | None, typer.Option("--bits", help="Bits of a PNG: 8 or 16.", show_default="mattes 8, else INPUT's")
]
CopiesOption = Annotated[
    Copies | None,
    typer.Option(
        "--copies",
        help="Of what INPUT holds beside its pictures, copied into videos: all of it, the sound (audio), or none.",
        show_default="all",
    ),
]
JobsOption = Annotated[
    int | None,
    typer.Option("--jobs", "-j", min=1, help="Workers, each a process.", show_default="1; with Ray, 1 a node"),
]
EngineOption = Annotated[
    Engine,
    typer.Option(
        "--engine", help="local: workers on this machine; ray: on a cluster whose nodes share the work folder."
    ),
]
AddressOption = Annotated[
    str | None,
    typer.Option(
        "--address",
        metavar="HOST:PORT",
        help="Of the Ray cluster; auto: of this machine's.",
        show_default="RAY_ADDRESS, else a cluster of this machine alone",
    ),
]
SegmentOption = Annotated[
    int | None,
    typer.Option(
        "--segment", min=1, metavar="N", help="Frames that one worker makes at a time, at most.", show_default="512"
    ),
]
WorkOption = Annotated[
    Path | None,
    typer.Option("--work", metavar="DIR", help="Where to keep what is done until all is.", show_default="OUTPUT.work"),
]
KeepOption = Annotated[bool, typer.Option("--keep", help="Do not remove the work folder in the end.")]
ProgressOption = Annotated[bool, typer.Option("--json", help="Report progress as lines of JSON on standard output.")]
PreviewOption = Annotated[
    int | None,
    typer.Option(
        "--preview",
        min=1,
        metavar="N",
        help="Render nothing yet: N frames, spread over INPUT, into a contact sheet; the time and room it will take.",
        show_default=False,
    ),
]
SheetOption = Annotated[
    Path | None,
    typer.Option(
        "--sheet",
        metavar="FILE.png",
        help="Where the contact sheet of --preview goes.",
        show_default="OUTPUT.preview.png",
    ),
]
OverwriteOption = Annotated[
    bool,
    typer.Option(
        "--overwrite",
        help="Replace what is there already; a work folder of another render is begun afresh.",
    ),
]
SuffixOption = Annotated[
    str | None,
    typer.Option(
        "--suffix", help="Ending of the files that a folder of videos becomes.", metavar="SUFFIX", show_default=".mkv"
    ),
]
LeaseOption = Annotated[
    float,
    typer.Option("--lease", min=1.0, help="Seconds of silence after which a worker's segment goes to another."),
]
AttachedOption = Annotated[bool, typer.Option("--attached", hidden=True)]


@dataclass(frozen=True, kw_only=True)
class PlanOptions:
    """All that decides what comes out."""

    source: InputArgument
    output: OutputArgument = None
    model: o.ModelOption = None
    view: ViewOption = None
    background: o.BackgroundOption = None
    matte: MatteOption = None
    overlay: OverlayOption = None
    start: o.StartOption = None
    end: o.EndOption = None
    decode: o.DecodeOption = None
    smooth: o.SmoothOption = None
    strength: o.StrengthOption = None
    lookahead: o.LookaheadOption = None
    every: o.EveryNumberOption = None
    skip: o.SkipOption = None
    device: o.DeviceOption = None
    threads: o.ThreadsOption = None
    runtime: o.RuntimeOption = None
    size: o.SizeOption = None
    classes: o.ClassOption = None
    refine: RefineOption = None
    refiner: o.RefinerOption = None
    tiles: o.TilesOption = None
    codec: CodecOption = None
    crf: CrfOption = None
    bits: BitsOption = None
    copies: CopiesOption = None
    segment: SegmentOption = None
    overwrite: OverwriteOption = False


@dataclass(frozen=True, kw_only=True)
class RenderOptions(PlanOptions):
    """And all that does not."""

    jobs: JobsOption = None
    engine: EngineOption = Engine.LOCAL
    address: AddressOption = None
    preview: PreviewOption = None
    sheet: SheetOption = None
    work: WorkOption = None
    keep: KeepOption = False
    stats: o.StatsOption = None
    as_json: ProgressOption = False
    suffix: SuffixOption = None
