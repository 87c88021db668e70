"""How the pixels and lines of a picture lie: the shape of a pixel, and which field comes first."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal

from rtskin.media import av

#: Top field first, bottom field first.
Fields = Literal["tff", "bff"]


def pixel_aspect_of(stream: Any, degrees: int) -> Fraction | None:
    """Width of a pixel by its height, after turning by ``degrees``; None where pixels are square or nothing is said."""
    aspect = stream.sample_aspect_ratio or stream.codec_context.sample_aspect_ratio
    if not aspect or aspect == 1:
        return None
    return 1 / Fraction(aspect) if degrees in (90, 270) else Fraction(aspect)


def fields_of(frame: Any) -> Fields | None:
    """Which field of an av.VideoFrame is shown first; None where it is not interlaced.

    Streams say it too, but H.264 and MPEG-2 may say it otherwise in each picture, and what pictures say is right.
    """
    if not frame.interlaced_frame:
        return None
    return "tff" if _passes(frame, r"eq(interlace_type\,TOPFIRST)") else "bff"


def _passes(frame: Any, question: str) -> bool:
    """Whether FFmpeg's filter ``select`` lets the frame through: it sees the flags that PyAV does not show."""
    graph = av.filter.Graph()
    begin = graph.add_buffer(
        width=frame.width, height=frame.height, format=frame.format, time_base=frame.time_base or av.time_base
    )
    select, end = graph.add("select", question), graph.add("buffersink")
    begin.link_to(select)
    select.link_to(end)
    graph.configure()
    graph.push(frame)
    try:
        graph.pull()
    except (av.error.BlockingIOError, av.error.EOFError):
        return False
    return True
