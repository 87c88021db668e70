"""What a cutout stands before: an image, or a video that plays along and begins again at its end."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.capture import Capture, open_source
from rtskin.capture.picture import AvPicture, resolve
from rtskin.errors import SourceError
from rtskin.frame import Frame
from rtskin.media import av
from rtskin.render.outputs.native import Native, color_of

#: FFmpeg's scaler has names of its own for the matrices.
_SCALER_NAMES = {"bt470bg": "bt470", "bt2020nc": "bt2020", "bt2020c": "bt2020"}
#: Frames a second of a background that knows no times.
_RATE = 25


class Background:
    """Pictures of the size and pixel format of ``native``, which fill it whole (what stands out is cut off).

    A video is shown by the time since ``first``, whatever its rate. SourceError where it cannot be opened or read.
    """

    def __init__(self, path: str, native: Native, first: Frame) -> None:
        self._path, self._native = path, native
        self._begin = _seconds(first)
        self._fit = _Fit(native)
        self._source: Capture = _open(path)
        self._lap = 0.0
        self._now = self._next = self._read()
        self._still = self._source.info.frames == 1
        self._picture = self._fit(self._now)

    def at(self, frame: Frame) -> Any:
        """The av.VideoFrame to stand behind ``frame``, good until the next call."""
        if self._still:
            return self._picture
        seconds = _seconds(frame) - self._begin
        shown = self._now
        while self._lap + self._own_time(self._next) <= seconds:
            self._now = self._next
            self._next = self._follower()
        if self._now is not shown:
            self._picture = self._fit(self._now)
        return self._picture

    def _own_time(self, frame: Frame) -> float:
        return _seconds(frame) - self._first_time

    def _follower(self) -> Frame:
        frame = self._source.read()
        if frame is not None:
            return frame
        self._lap += max(self._own_time(self._now) + _length(self._now), 1 / _RATE)
        self._source.close()
        self._source = _open(self._path)
        return self._read()

    def _read(self) -> Frame:
        frame = self._source.read()
        if frame is None:
            raise SourceError(f"not one picture of the background {self._path} can be read")
        self._first_time = _seconds(frame)
        return frame


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


def _open(path: str) -> Capture:
    source = open_source(path)
    if source.live:
        source.close()
        raise SourceError(f"{path} has no end; a background is an image or a video file")
    return source


def _av_frame(bgr: Any) -> Any:
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(bgr), format="bgr24")


def _seconds(frame: Frame) -> float:
    rate = float(frame.source.rate or _RATE)
    return frame.seq / rate if frame.time is None else frame.time


def _length(frame: Frame) -> float:
    if frame.duration:
        return float(frame.duration * frame.time_base)
    return float(1 / (frame.source.rate or _RATE))


def _range(full: bool) -> str:
    return "pc" if full else "tv"
