"""Options of ``rtskin render`` and of its steps."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

_INPUT = "Video file, numbered images (shot.%04d.png), a folder of videos, or - for a pipe."
InputArgument = Annotated[str, typer.Argument(metavar="INPUT", help=_INPUT)]
OutputArgument = Annotated[
    str | None,
    typer.Argument(metavar="[OUTPUT]", help="Video file, images (mask.%04d.png), or - for a pipe.", show_default=False),
]
FolderArgument = Annotated[Path, typer.Argument(metavar="WORK", help="The work folder, as rtskin render plan made it.")]
NewFolderArgument = Annotated[Path, typer.Argument(metavar="WORK", help="The work folder; made where it is not there.")]
MatteOption = Annotated[
    str | None, typer.Option("--matte", metavar="FILE", help="A matte, in the same pass.", show_default=False)
]
OverlayOption = Annotated[
    str | None, typer.Option("--overlay", metavar="FILE", help="An overlay, in the same pass.", show_default=False)
]
ViewOption = Annotated[
    str | None,
    typer.Option("--view", help="matte, alpha, overlay, cutout, side-by-side or rois.", show_default="the pipeline's"),
]
CodecOption = Annotated[
    str | None, typer.Option("--codec", help="h264, ffv1, prores or vp9.", show_default="by extension and view")
]
CrfOption = Annotated[
    int | None,
    typer.Option("--crf", min=0, max=63, help="Of H.264 and VP9: smaller is finer and larger.", show_default="18"),
]
BitsOption = Annotated[int | None, typer.Option("--bits", help="8 or 16, of PNG.", show_default="those of INPUT")]
StartOption = Annotated[
    str | None,
    typer.Option(
        metavar="POINT", help="Begin at this second (12.5), clock (1:02:03.5) or frame (300f).", show_default=False
    ),
]
EndOption = Annotated[str | None, typer.Option(metavar="POINT", help="End before this one.", show_default=False)]
JobsOption = Annotated[int, typer.Option("--jobs", "-j", min=1, help="Workers on this machine, each a process.")]
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
SuffixOption = Annotated[
    str | None,
    typer.Option("--suffix", help="Of what a folder of videos becomes.", metavar="SUFFIX", show_default=".mkv"),
]
LeaseOption = Annotated[
    float,
    typer.Option("--lease", min=1.0, help="Seconds of silence after which a worker's segment goes to another."),
]
AttachedOption = Annotated[bool, typer.Option("--attached", hidden=True)]
