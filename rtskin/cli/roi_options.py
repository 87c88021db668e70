"""Options of ``rtskin roi``, some of them of ``rtskin live`` too."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from rtskin.errors import UnknownNameError

#: What regions are called.
LABELS = ("face", "hand", "other")


class LabelsBy(StrEnum):
    """network: the bundled one. heuristic: the published rule that it is compared with. none: all are "other"."""

    NETWORK = "network"
    HEURISTIC = "heuristic"
    NONE = "none"


class HandsBy(StrEnum):
    """mediapipe: landmarks, side and gesture of hands, by MediaPipe Tasks."""

    MEDIAPIPE = "mediapipe"
    NONE = "none"


OutOption = Annotated[
    list[str] | None,
    typer.Option(
        "--out",
        metavar="TO",
        help="-, FILE, udp://, osc://, zmq://, ws:// or mqtt://HOST:PORT…; may be given several times.",
        show_default="-",
    ),
]
MessageEveryOption = Annotated[
    int | None,
    typer.Option(
        "--message-every",
        metavar="N",
        min=1,
        help="A message every N frames (--every is about the network); its events are those of all N.",
        show_default="1",
    ),
]
OnlyOption = Annotated[
    str | None,
    typer.Option("--only", metavar="A,B", help="Only regions of these labels: face, hand, other.", show_default="all"),
]
CropsOption = Annotated[
    bool | None,
    typer.Option("--crops", help="With a JPEG of the padded square around each region.", show_default=False),
]
MirroredOption = Annotated[
    bool | None,
    typer.Option(
        "--mirrored",
        help="The source is a mirror image: messages say so. Boxes stay those of the frame as captured.",
        show_default=False,
    ),
]
LabelsOption = Annotated[
    LabelsBy | None, typer.Option("--labels", help="What tells faces from hands.", show_default="network")
]
HandsOption = Annotated[
    HandsBy | None,
    typer.Option("--hands", help="Landmarks and gestures of hands, by this; extra mediapipe.", show_default="none"),
]
MinSizeOption = Annotated[
    str | None,
    typer.Option(
        "--min-size",
        metavar="SIZE",
        help="Of regions, their longer side: 24px, 2% or 0.02 of the frame's.",
        show_default=False,
    ),
]
MaxSizeOption = Annotated[
    str | None, typer.Option("--max-size", metavar="SIZE", help="The same, at most.", show_default=False)
]
MaxRegionsOption = Annotated[
    int | None, typer.Option("--max-regions", min=1, metavar="N", help="The N largest only.", show_default=False)
]
IgnoreOption = Annotated[
    list[str] | None,
    typer.Option(
        "--ignore",
        metavar="ZONE",
        help='A zone where nothing is skin: corners "x,y x,y x,y" in pixels or fractions; may be given several times.',
        show_default=False,
    ),
]
PlotOption = Annotated[
    Path | None,
    typer.Option("--plot", metavar="FILE.png", help="In the end, draw all tracks over time.", show_default=False),
]
SchemaOption = Annotated[bool, typer.Option("--schema", help="Print the JSON Schema of a message, and end.")]


def labels_of(only: str | None) -> Sequence[str] | None:
    """The labels in "hand,face"; UnknownNameError for others, which no region ever has."""
    if only is None:
        return None
    names = [name.strip() for name in only.split(",")]
    for name in names:
        if name not in LABELS:
            raise UnknownNameError("label", name, LABELS)
    return names
