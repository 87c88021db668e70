"""Views as files show them: painted in the source's own pixel format, so that what no view touches stays bit-equal.

A composer takes masks one after another and gives av.VideoFrames, each good until the next is asked for.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import replace
from pathlib import Path
from typing import Any, cast

import numpy as np

from rtskin.errors import SinkError
from rtskin.frame import Frame, Mask
from rtskin.media import av
from rtskin.node import Context, Node
from rtskin.registry import NODES
from rtskin.render.outputs import mix, weights
from rtskin.render.outputs.background import Background
from rtskin.render.outputs.color import codes_of, matrix_for
from rtskin.render.outputs.native import Native, check_size, gray_frame
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pixels import Plane, channels_of, planes_of
from rtskin.render.outputs.shown import Shown, shown_by
from rtskin.render.views import Bgr
from rtskin.render.views.box import FAINT
from rtskin.render.views.chain import ALPHA, Chain
from rtskin.render.views.overlay import line_width
from rtskin.render.views.text import Said


class Composer(ABC):
    """full: whether the codes of its pictures go over the full range (known once there is a picture)."""

    full: bool

    @abstractmethod
    def __call__(self, mask: Mask) -> Any: ...

    def close(self) -> None:
        """Gives back what it holds (a video that plays behind); called once, by who asked for it."""
        return


def composer_for(view: str, first: Frame, options: OutputOptions) -> Composer:
    """The composer of that view, or of those views, for a source whose first frame this is."""
    shown = shown_by(view)
    composer = _composer(shown, first, options)
    return Edged(shown.edges, composer) if shown.edges else composer


def _composer(shown: Shown, first: Frame, options: OutputOptions) -> Composer:
    arguments = shown.arguments
    if shown.native == "matte":
        return Matte((first.width, first.height))
    if shown.native == ALPHA:
        return Alpha(first)
    if shown.native == "overlay":
        return Overlay(first, **arguments)
    if shown.native == "cutout":
        return Cutout(first, arguments["background"])
    return Painted(shown.views)


class Edged(Composer):
    """A composer that gets masks with other edges."""

    def __init__(self, edges: list[Said], composer: Composer) -> None:
        self._edges, self._composer = Chain(edges), composer
        self.full = composer.full

    def __call__(self, mask: Mask) -> Any:
        return self._composer(self._edges.edged(_eight_bits(mask)))

    def close(self) -> None:
        self._edges.close()
        self._composer.close()


class Matte(Composer):
    """The mask itself: "gray", or "gray16le" for masks of 16 bits."""

    full = True

    def __init__(self, size: tuple[int, int]) -> None:
        self._size = size
        self._out: Any = None

    def __call__(self, mask: Mask) -> Any:
        check_size(mask.frame, self._size)
        if self._out is None:
            self._out = gray_frame(*self._size, mask.data.dtype)
        self._out.make_writable()
        [plane] = planes_of(self._out)
        if plane.dtype != mask.data.dtype:
            raise SinkError(f"the masks change from {plane.dtype} to {mask.data.dtype}; one file holds one depth")
        plane[:] = mask_of(mask, self._size)
        return self._out


class Alpha(Composer):
    """The whole picture, with the mask as its (straight) alpha: an editor can still move the edge."""

    def __init__(self, first: Frame) -> None:
        self._native = Native(first, alpha=True)
        self.full = self._native.full

    def __call__(self, mask: Mask) -> Any:
        picture = self._native(mask.frame)
        data = mask_of(mask, self._native.size)
        largest = self._native.layout.full
        mix.rescale(data, largest / np.iinfo(data.dtype).max, 0, largest, channels_of(picture)[3])
        return picture


class Overlay(Composer):
    """The picture, its skin tinted and outlined, as the view "overlay" of windows."""

    def __init__(self, first: Frame, color: Bgr, alpha: float, contour: bool) -> None:
        self._native, self._alpha = Native(first), alpha
        self.full = self._native.full
        self._weights = _Weights(self._native)
        self._contour = line_width(first) if contour else 0
        self._codes = _codes(self._native, color)

    def __call__(self, mask: Mask) -> Any:
        picture = self._native(mask.frame)
        data = mask_of(mask, self._native.size)
        weights.tint(data, self._alpha, self._contour, FAINT, self._weights.whole)
        for channel, weight, code in zip(channels_of(picture), self._weights.of_channels(), self._codes, strict=True):
            mix.toward(channel, weight, code)
        return picture


class Cutout(Composer):
    """The skin before a colour, an image or a video."""

    def __init__(self, first: Frame, backdrop: Bgr | Path) -> None:
        self._native = Native(first)
        self.full = self._native.full
        self._weights = _Weights(self._native)
        self._background = None if isinstance(backdrop, tuple) else Background(backdrop, self._native, first)
        self._codes = _codes(self._native, backdrop) if isinstance(backdrop, tuple) else ()

    def __call__(self, mask: Mask) -> Any:
        picture = self._native(mask.frame)
        data = mask_of(mask, self._native.size)
        weights.behind(data, self._weights.whole)
        channels = channels_of(picture)
        if self._background is None:
            for channel, weight, code in zip(channels, self._weights.of_channels(), self._codes, strict=True):
                mix.toward(channel, weight, code)
            return picture
        others = channels_of(self._background.at(mask.frame))
        for channel, weight, other in zip(channels, self._weights.of_channels(), others, strict=True):
            mix.toward_plane(channel, weight, other)
        return picture

    def close(self) -> None:
        if self._background is not None:
            self._background.close()


class Painted(Composer):
    """Views that paint on BGR: uint8 H×W×3, or H×W where the last is a plane.

    Regions are looked for here, where a view draws them and the masks come without: those of a file are followed from its
    first frame on, however many workers made its masks.
    """

    full = True

    def __init__(self, views: list[Said]) -> None:
        self._chain = Chain(views)
        self._regions: Node | None = NODES.get("regions")() if self._chain.draws_regions else None
        try:
            if self._regions is not None:
                self._regions.open(Context())
        except BaseException:
            self.close()
            raise

    def __call__(self, mask: Mask) -> Any:
        mask = _eight_bits(mask)
        if self._regions is not None and mask.regions is None:
            mask = cast(Mask, self._regions.process(mask))
        return frame_of(self._chain(mask))

    def close(self) -> None:
        self._chain.close()
        if self._regions is not None:
            self._regions.close()


def frame_of(image: Plane) -> Any:
    """An av.VideoFrame, "bgr24" or "gray", with a copy of a picture: uint8 H×W×3 or H×W."""
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(image), format="gray" if image.ndim == 2 else "bgr24")


def mask_of(mask: Mask, size: tuple[int, int]) -> Plane:
    """The mask's pixels; SinkError where they are not of the frame's size."""
    data: Plane = mask.data
    if data.shape != size[::-1]:
        raise SinkError(
            f"the mask of frame {mask.frame.seq} is {data.shape[1]}x{data.shape[0]}, not {size[0]}x{size[1]}"
        )
    return data


class _Weights:
    """Weights for luma (and RGB), and the same at the size of chroma."""

    def __init__(self, native: Native) -> None:
        layout, (width, height) = native.layout, native.size
        self.whole = np.empty((height, width), np.uint16)
        self._layout = layout
        shape = (-(-height // (1 << layout.shift_y)), -(-width // (1 << layout.shift_x)))
        self._chroma = np.empty(shape, np.uint16) if shape != self.whole.shape else self.whole

    def of_channels(self) -> list[weights.U16]:
        """For each channel of the picture, alpha left out."""
        if self._chroma is not self.whole:
            weights.shrink(self.whole, self._layout.shift_x, self._layout.shift_y, self._chroma)
        return [self.whole, self._chroma, self._chroma]


def _codes(native: Native, bgr: tuple[int, int, int]) -> tuple[float, ...]:
    layout, color = native.layout, native.color
    return codes_of(bgr, color, layout, matrix_for(color, *native.size), native.full)


def _eight_bits(mask: Mask) -> Mask:
    if mask.data.dtype == np.uint8:
        return mask
    return replace(mask, data=((mask.data.astype(np.uint32) + 128) // 257).astype(np.uint8))
