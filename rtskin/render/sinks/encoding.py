"""Which codec, pixel format and settings a file gets, by its extension and by what is to be written."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from rtskin.errors import SinkError

Codec = Literal["auto", "h264", "ffv1"]

#: Extension → FFmpeg's name of the container.
CONTAINERS = {".mp4": "mp4", ".mov": "mov", ".mkv": "matroska"}

_PRESET = "veryfast"
_CRF = 18


@dataclass(frozen=True)
class Encoding:
    """How pictures become packets. encoder, pixel_format: FFmpeg's names; full_range: luma is 0 … 255, not 16 … 235."""

    encoder: str
    pixel_format: str
    full_range: bool
    options: Mapping[str, str] = field(default_factory=dict)


def container_for(path: Path) -> str:
    """FFmpeg's name of the container; SinkError for other extensions."""
    name = CONTAINERS.get(path.suffix.lower())
    if name is None:
        known = ", ".join(CONTAINERS)
        raise SinkError(f"cannot write {path}: {path.suffix or 'no extension'} is not supported; there are: {known}")
    return name


def check_codec(codec: Codec, path: Path) -> None:
    """SinkError where the container cannot hold the codec."""
    if codec == "ffv1" and container_for(path) != "matroska":
        raise SinkError(f"ffv1 does not fit into {path.suffix}; use .mkv, or the codec h264")


def encoding_for(codec: Codec, container: str, gray: bool, width: int, height: int, crf: int | None) -> Encoding:
    """The encoding of a matte (gray) or a colour picture of that size."""
    if codec == "ffv1" or (codec == "auto" and gray and container == "matroska"):
        return _ffv1(gray, slices=1 if min(width, height) < 2 else 4)
    return _h264(gray, width % 2 or height % 2, crf)


def _ffv1(gray: bool, slices: int) -> Encoding:
    # Lossless. A fixed number of slices keeps the bytes the same whatever the number of threads; each is a pixel at least.
    options = {"level": "3", "slices": str(slices), "slicecrc": "1"}
    return Encoding("ffv1", "gray" if gray else "bgr0", True, options)


def _h264(gray: bool, odd: int, crf: int | None) -> Encoding:
    # 4:2:0 has no odd sizes; 4:4:4 keeps the exact size, at the price that only software players show it.
    pixel_format = "yuv444p" if odd else "yuv420p"
    if not gray:
        return Encoding("libx264", pixel_format, False, {"preset": _PRESET, "crf": str(_CRF if crf is None else crf)})
    # Full range, so that the luma plane is the mask itself. At qp 1 without the larger transforms (ultrafast has none)
    # no pixel is off by more than 2 and 0 and 255 by no more than 1, in a profile that every player knows; crf 10
    # is off by 9, and lossless H.264 plays in few places.
    options = {"preset": "ultrafast", "qp": "1"} if crf is None else {"preset": _PRESET, "crf": str(crf)}
    return Encoding("libx264", pixel_format, True, options)
