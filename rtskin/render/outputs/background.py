"""What a cutout stands before: an image, or a video that plays along and begins again at its end."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from rtskin.capture.picture import AvPicture, resolve
from rtskin.frame import Frame
from rtskin.media import av
from rtskin.render.outputs.native import Native, color_of
from rtskin.render.playback import Playback, seconds_of

#: FFmpeg's scaler has names of its own for the matrices.
_SCALER_NAMES = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}


class Background:
    """Pictures of the size and pixel format of ``native``, which fill it whole (what stands out is cut off).

    A video is shown by the time since ``first``, whatever its rate. SourceError where it cannot be opened or read.
    """

    def __init__(self, path: str | os.PathLike[str], native: Native, first: Frame) -> None:
        self._begin = seconds_of(first)
        self._fit = _Fit(native)
        self._playback = Playback(path)
        try:
            self._shown = self._playback.at(0)
            self._picture = self._fit(self._shown)
        except BaseException:
            self._playback.close()
            raise

    def close(self) -> None:
        """Give the file back."""
        self._playback.close()

    def at(self, frame: Frame) -> Any:
        """The av.VideoFrame to stand behind ``frame``, good until the next call."""
        shown = self._playback.at(seconds_of(frame) - self._begin)
        if shown is not self._shown:
            self._shown, self._picture = shown, self._fit(shown)
        return self._picture


class _Fit:
    """Scales and cuts pictures to the size of another source, in its pixel format, range and matrix."""

    def __init__(self, native: Native) -> None:
        self._native = native
        self._graph: Any = None
        self._shape: Any = None

    def __call__(self, frame: Frame) -> Any:
        picture = frame.picture
        image = picture.frame if isinstance(picture, AvPicture) else _av_frame(frame.bgr)
        shape = (image.width, image.height, image.format.name)
        if shape != self._shape:
            self._graph, self._shape = self._build(image, frame), shape
        image.pts = None
        self._graph.push(image)
        return self._graph.pull()

    def _build(self, image: Any, frame: Frame) -> Any:
        native, color = self._native, color_of(frame)
        width, height = native.size
        matrix, full = resolve(color, image.format.name, image.width, image.height)
        own_matrix, _ = resolve(native.color, native.layout.name, width, height)
        scale = (
            f"{width}:{height}:force_original_aspect_ratio=increase:flags=bicubic+accurate_rnd+full_chroma_int"
            f":in_color_matrix={_SCALER_NAMES.get(matrix, matrix)}:in_range={_range(full)}"
            f":out_color_matrix={_SCALER_NAMES.get(own_matrix, own_matrix)}:out_range={_range(native.full)}"
        )
        graph = av.filter.Graph()
        last = graph.add_buffer(
            width=image.width, height=image.height, format=image.format, time_base=frame.time_base or av.time_base
        )
        # The format first: a crop of subsampled chroma cuts at even pixels only, of an exact one anywhere.
        steps = (("scale", scale), ("format", native.layout.name), ("crop", f"{width}:{height}:exact=1"))
        for name, argument in (*steps, ("buffersink", None)):
            node = graph.add(name, argument) if argument else graph.add(name)
            last.link_to(node)
            last = node
        graph.configure()
        return graph


def _av_frame(bgr: Any) -> Any:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24")


def _range(full: bool) -> str:
    return "pc" if full else "tv"
