"""Pixel formats: what the planes of a picture hold, and which format of an encoder loses least of it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.media import av

Plane = npt.NDArray[Any]

_COLUMNS = {(0, 0): "444", (1, 0): "422", (1, 1): "420", (0, 1): "440", (2, 0): "411", (2, 2): "410"}


@dataclass(frozen=True, slots=True)
class Layout:
    """A pixel format. bits: of a sample. shift_x, shift_y: log2 of how much smaller chroma is. planar: every component
    has a plane of its own, with samples that numpy can read."""

    name: str
    bits: int
    rgb: bool
    gray: bool
    alpha: bool
    shift_x: int
    shift_y: int
    planar: bool

    @property
    def dtype(self) -> type[np.uint8] | type[np.uint16]:
        return np.uint8 if self.bits <= 8 else np.uint16

    @property
    def full(self) -> int:
        """The largest code."""
        return (1 << self.bits) - 1


@lru_cache(maxsize=128)
def layout_of(name: str) -> Layout:
    """What a format (FFmpeg's name) is; ValueError for names that FFmpeg does not know."""
    form = av.VideoFormat(name, 64, 64)
    parts = form.components
    alpha = sum(part.is_alpha for part in parts) > 0
    colors = len(parts) - alpha
    planes = [part.plane for part in parts]
    bits = min(16, max(part.bits for part in parts))
    chroma = next((part for part in parts if part.is_chroma), None)
    return Layout(
        name=name,
        bits=bits,
        rgb=bool(form.is_rgb or form.has_palette),
        gray=colors == 1 and not form.is_rgb and not form.has_palette,
        alpha=alpha,
        shift_x=0 if chroma is None else (64 // chroma.width).bit_length() - 1,
        shift_y=0 if chroma is None else (64 // chroma.height).bit_length() - 1,
        planar=len(set(planes)) == len(planes)
        and not form.is_bit_stream
        and not form.has_palette
        and not form.is_big_endian
        and not name.endswith(("f16le", "f32le"))
        and len({part.bits for part in parts}) == 1,
    )


def planar_like(form: str, *, alpha: bool = False, color: bool = True) -> str:
    """The planar format that holds exactly what ``form`` holds; with ``alpha``, one that holds a matte besides.

    RGB of up to 8 bits is "bgr24" or "bgra", which everybody knows how to read. With ``color``, grey becomes YUV 4:4:4.
    """
    layout = layout_of(form)
    depth = f"{layout.bits}le" if layout.bits > 8 else ""
    if layout.rgb:
        if layout.bits <= 8 and not (layout.planar and form.startswith("gbr")):
            return "bgra" if alpha else "bgr24"
        wanted = f"gbrap{depth}" if alpha else f"gbrp{depth}"
    elif layout.gray and not color and not alpha:
        return f"gray{depth}"
    else:
        columns = "444" if layout.gray else _COLUMNS[layout.shift_x, layout.shift_y]
        wanted = f"yuva{columns}p{depth}" if alpha else f"yuv{columns}p{depth}"
    return wanted if _exists(wanted) else nearest(_known(), layout, alpha)


def nearest(offers: Iterable[str], layout: Layout, alpha: bool) -> str:
    """The format among ``offers`` that loses least of a picture of that layout (and keeps a matte, with ``alpha``).

    Formats of the same family win (YUV stays YUV), then those that lose no bits and no chroma, then the smallest.
    """

    def loss(name: str) -> tuple[int, ...]:
        offer = layout_of(name)
        fewer_bits = max(0, layout.bits - offer.bits)
        # RGB loses chroma where it becomes YUV 4:2:0, but that is what players show.
        coarser = 0 if layout.rgb else max(0, offer.shift_x - layout.shift_x) + max(0, offer.shift_y - layout.shift_y)
        finer = abs(offer.shift_x - layout.shift_x) + abs(offer.shift_y - layout.shift_y)
        return (offer.rgb != layout.rgb, fewer_bits, coarser, offer.bits - layout.bits, finer)

    fitting = [name for name in offers if layout_of(name).alpha == alpha]
    return min(fitting, key=loss)


def planes_of(frame: Any) -> list[Plane]:
    """The planes of an av.VideoFrame in a planar or packed format of whole bytes: views, height × width × …, writable
    where the frame is. uint8 for up to 8 bits, else uint16."""
    layout = layout_of(frame.format.name)
    return [_view(plane, layout, frame.format.name) for plane in frame.planes]


def _view(plane: Any, layout: Layout, name: str) -> Plane:
    rows: Plane = np.frombuffer(plane, np.uint8)[: plane.line_size * plane.height].reshape(plane.height, -1)
    samples = rows.view(layout.dtype)
    if layout.planar:
        return samples[:, : plane.width]
    channels = {"bgr24": 3, "rgb24": 3, "bgr0": 4, "bgra": 4, "rgba": 4, "ya8": 2}[name]
    return samples[:, : plane.width * channels].reshape(plane.height, plane.width, channels)


def channels_of(frame: Any) -> list[Plane]:
    """One H×W view for each component: Y, U, V, A; G, B, R, A where RGB is planar; B, G, R, A where it is packed."""
    planes = planes_of(frame)
    if planes[0].ndim == 2:
        return planes
    return [planes[0][..., index] for index in range(len(frame.format.components))]


def describe(name: str) -> str:
    """ "4:2:0, 10 bit", for messages."""
    layout = layout_of(name)
    family = "RGB" if layout.rgb else "grey" if layout.gray else ":".join(_COLUMNS[layout.shift_x, layout.shift_y])
    return f"{family}{' with alpha' if layout.alpha else ''}, {layout.bits} bit"


@lru_cache(maxsize=512)
def _exists(name: str) -> bool:
    try:
        layout_of(name)
    except ValueError:
        return False
    return True


@lru_cache(maxsize=1)
def _known() -> tuple[str, ...]:
    """Planar YUV and RGB formats by which an odd one (yuva420p12 is none) can be replaced."""
    depths = ("", "10le", "12le", "14le", "16le")
    kinds = ("yuv420p", "yuv422p", "yuv444p", "yuva420p", "yuva422p", "yuva444p", "gbrp", "gbrap")
    return tuple(kind + depth for kind in kinds for depth in depths if _exists(kind + depth))
