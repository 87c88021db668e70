"""Pictures into a small H.264 file, as a camera's stream would be: to be decoded again."""

from __future__ import annotations

from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path

from rtskin.frame import U8, Color
from rtskin.render.outputs.color import Tags, matrix_for
from rtskin.render.outputs.compose import frame_of
from rtskin.render.outputs.encoder import VideoWriter, open_container, tags_for
from rtskin.render.outputs.fit import fitting
from rtskin.render.outputs.formats import encoding_for

#: Frames a second.
RATE = 30
#: x264's constant rate factor, its own default: a decent stream, with visible trembling in flat parts.
CRF = 23


def encode(path: Path, pictures: Iterable[U8], size: tuple[int, int], crf: int = CRF) -> None:
    """uint8 H×W×3 BGR pictures of ``size`` (width, height) into ``path`` (.mp4), at RATE; libx264, one thread.

    The same pictures give the same bytes, which takes some care: see rtskin.render.outputs.x264.
    """
    base = Fraction(1, RATE)
    encoding = encoding_for("h264", "picture", "bgr24", True, size, crf)
    tags = tags_for(encoding, "picture", "bgr24", Tags(), matrix_for(Color(), *size).number)
    fit = fitting("bgr24", True, encoding.pixel_format, encoding.full, Color(), size)
    container = open_container(path, "mp4", base)
    try:
        writer = VideoWriter(container, encoding, size, base, Fraction(RATE), tags, threads=1)
        for number, picture in enumerate(pictures):
            writer.write(fit(frame_of(picture)), number, 1)
        writer.finish()
    finally:
        container.close()
