"""A picture of our own in the source's pixel format: samples are copied, not converted, so that they stay bit-equal."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.capture.picture import AvPicture
from rtskin.errors import SinkError
from rtskin.frame import Color, Frame
from rtskin.media import av
from rtskin.render.outputs.color import is_full
from rtskin.render.outputs.pixels import channels_of, layout_of, planar_like, planes_of


class Native:
    """Copies of the frames of one source, each an av.VideoFrame that may be painted on until the next is asked for.

    ``layout``: of the copies: the planar twin of the source's format (:func:`planar_like`), with an alpha plane (undefined)
    if ``alpha``. ``full``: whether its codes go over the full range. A source's own alpha is left out.
    """

    def __init__(self, first: Frame, *, alpha: bool = False) -> None:
        self.layout = layout_of(planar_like(first.picture.format, alpha=alpha))
        self.color = color_of(first)
        self.full = is_full(self.color, layout_of(first.picture.format))
        self.size = (first.width, first.height)
        self._out = av.VideoFrame(*self.size, self.layout.name)
        self._scaler = av.video.reformatter.VideoReformatter()
        # What the copy takes from the source: all but the alpha plane.
        self._taken = layout_of(planar_like(first.picture.format))

    def __call__(self, frame: Frame) -> Any:
        """The copy of ``frame``; SinkError where its size is another."""
        check_size(frame, self.size)
        # An encoder may still hold the last one: then this gives the copy memory of its own.
        self._out.make_writable()
        channels = channels_of(self._out)
        if self._taken.name == "bgr24":
            bgr = frame.bgr
            for index in range(3):
                channels[index][:] = bgr[..., index]
            return self._out
        for plane, source in zip(channels, self._planes(frame), strict=False):
            plane[:] = source
        if layout_of(frame.picture.format).gray and not self.layout.gray:
            for plane in channels[1:3]:
                plane[:] = 1 << (self.layout.bits - 1)
        return self._out

    def _planes(self, frame: Frame) -> list[Any]:
        picture = frame.picture
        if not isinstance(picture, AvPicture):
            raise SinkError(f"the pictures change to {picture.format} at frame {frame.seq}; one file holds one format")
        layout = layout_of(picture.format)
        if layout.planar and _same_samples(layout.name, self._taken.name):
            return planes_of(picture.frame)[:3]
        if layout.gray and layout.planar and layout.bits == self._taken.bits:
            return planes_of(picture.frame)[:1]
        return planes_of(self._converted(picture.frame))

    def _converted(self, frame: Any) -> Any:
        """Packed and semi-planar formats taken apart, by swscale, which only moves their samples."""
        code = 2 if self.full else 1
        wanted = self._taken.name
        if layout_of(frame.format.name).gray:
            wanted = f"gray{self._taken.name.removeprefix('yuv444p')}"
        return self._scaler.reformat(frame, format=wanted, src_color_range=code, dst_color_range=code, threads=1)


def color_of(frame: Frame) -> Color:
    """What the frame says of its colours; what its source says, where it says nothing of its own."""
    picture = frame.picture
    return picture.color if isinstance(picture, AvPicture) else frame.source.color


def check_size(frame: Frame, size: tuple[int, int]) -> None:
    """SinkError where the frame is of another size."""
    if (frame.width, frame.height) != size:
        (width, height), (w, h) = size, (frame.width, frame.height)
        raise SinkError(
            f"the picture changes from {width}x{height} to {w}x{h} at frame {frame.seq}; one file holds one size"
        )


def _same_samples(one: str, other: str) -> bool:
    """Formats whose planes but alpha hold the same: yuvj420p and yuva420p are yuv420p, of another range or with more."""
    return one.replace("yuvj", "yuv").replace("yuva", "yuv").replace("gbrap", "gbrp") == other


def gray_frame(width: int, height: int, dtype: Any) -> Any:
    """An av.VideoFrame for mattes: "gray", or "gray16le" for uint16."""
    return av.VideoFrame(width, height, "gray16le" if np.dtype(dtype) == np.uint16 else "gray")
