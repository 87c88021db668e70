"""From the format that a picture was painted in to the one that an encoder takes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from rtskin.frame import Color
from rtskin.kernels.jit import njit
from rtskin.media import av, cv2
from rtskin.render.outputs import mix
from rtskin.render.outputs.color import FULL, LIMITED, matrix_for
from rtskin.render.outputs.pixels import Layout, Plane, channels_of, layout_of
from rtskin.render.outputs.rgb import YuvWriter
from rtskin.render.outputs.weights import shrink

_SWS = av.video.reformatter.Interpolation
#: Exact enough for an editor: interpolated chroma, rounded and not cut off.
_FINE = _SWS.BICUBIC | _SWS.ACCURATE_RND | _SWS.FULL_CHR_H_INT | _SWS.FULL_CHR_H_INP

Fit = Callable[[Any], Any]


def fitting(source: str, full: bool, target: str, target_full: bool, color: Color, size: tuple[int, int]) -> Fit:
    """What turns av.VideoFrames of the format ``source`` into ``target``; each result is good until the next.

    full, target_full: whether codes go over the full range. color: of the source, for RGB to become YUV by its matrix.
    """
    one, other = layout_of(source), layout_of(target)
    if source == target and full == target_full:
        return _same
    if other.rgb and not one.rgb and one.planar and (one.shift_x or one.shift_y):
        # swscale takes chroma to lie in the middle of its block, half a pixel to the right of where it does.
        fine = f"yuv444p{one.bits}le" if one.bits > 8 else "yuv444p"
        whole = _Planes(one, full, layout_of(fine), full, size)
        return _Chain(whole, _Scaler(target, full, target_full, color, size))
    if one.rgb != other.rgb or not (one.planar and other.planar):
        if source in ("bgr24", "bgra") and not other.rgb:
            return _FromBgr(one, other, target_full, color, size)
        return _Scaler(target, full, target_full, color, size)
    return _Planes(one, full, other, target_full, size)


def _same(frame: Any) -> Any:
    return frame


class _Chain:
    """One after the other."""

    def __init__(self, first: Fit, second: Fit) -> None:
        self._first, self._second = first, second

    def __call__(self, frame: Any) -> Any:
        return self._second(self._first(frame))


class _Planes:
    """Planar to planar of one family: other depth, other range, finer or coarser chroma, grey to YUV."""

    def __init__(self, source: Layout, full: bool, target: Layout, target_full: bool, size: tuple[int, int]) -> None:
        self._source, self._target = source, target
        self._out = av.VideoFrame(*size, target.name)
        self._luma = _mapping(source, full, target, target_full, chroma=False)
        self._chroma = self._luma if target.rgb else _mapping(source, full, target, target_full, chroma=True)

    def __call__(self, frame: Any) -> Any:
        self._out.make_writable()
        sources, targets = channels_of(frame), channels_of(self._out)
        mix.rescale(sources[0], *self._luma, self._target.full, targets[0])
        if self._source.gray:
            for plane in targets[1:3]:
                plane[:] = 1 << (self._target.bits - 1)
        elif not self._target.gray:
            for plane, out in zip(sources[1:3], targets[1:3], strict=True):
                resized = resampled(plane, self._source, self._target, out.shape)
                mix.rescale(resized, *self._chroma, self._target.full, out)
        if self._target.alpha:
            alpha = self._target.full / self._source.full
            mix.rescale(sources[3], alpha, 0, self._target.full, targets[3])
        return self._out


class _FromBgr:
    """Packed BGR (with alpha) of 8 bits to YUV (with alpha)."""

    def __init__(self, source: Layout, target: Layout, full: bool, color: Color, size: tuple[int, int]) -> None:
        self._source, self._target = source, target
        self._out = av.VideoFrame(*size, target.name)
        self._writer = YuvWriter(matrix_for(color, *size), target, full)

    def __call__(self, frame: Any) -> Any:
        self._out.make_writable()
        channels, targets = channels_of(frame), channels_of(self._out)
        self._writer.write(channels[:3], targets)
        if self._target.alpha:
            mix.rescale(channels[3], self._target.full / 255, 0, self._target.full, targets[3])
        return self._out


class _Scaler:
    """Everything else, by swscale: YUV to RGB for images, planar RGB of many bits to YUV."""

    def __init__(self, target: str, full: bool, target_full: bool, color: Color, size: tuple[int, int]) -> None:
        self._scaler = av.video.reformatter.VideoReformatter()
        number = matrix_for(color, *size).number
        # swscale knows BT.601 as 5, and constant luminance not at all.
        matrix = {6: 5, 10: 9}.get(number, number)
        self._how = {
            "format": target,
            "src_colorspace": matrix,
            "dst_colorspace": matrix,
            "src_color_range": FULL if full else LIMITED,
            "dst_color_range": FULL if target_full else LIMITED,
            "interpolation": _FINE,
            "threads": 1,
        }

    def __call__(self, frame: Any) -> Any:
        return self._scaler.reformat(frame, **self._how)


def _mapping(source: Layout, full: bool, target: Layout, target_full: bool, *, chroma: bool) -> tuple[float, float]:
    """gain and offset: codes of one depth and range in those of another (ITU-R BT.709, BT.2100)."""
    span, zero = _span(source, full, chroma)
    wanted, begin = _span(target, target_full, chroma)
    return wanted / span, begin - zero * wanted / span


def _span(layout: Layout, full: bool, chroma: bool) -> tuple[float, float]:
    """Codes from nothing to everything, and the code of nothing."""
    step = 2.0 ** (layout.bits - 8)
    if full:
        return layout.full, 128 * step if chroma else 0
    return (224 if chroma else 219) * step, (128 if chroma else 16) * step


def resampled(plane: Plane, source: Layout, target: Layout, shape: tuple[int, ...]) -> Plane:
    """Chroma at the size of another format. Samples lie left in their block and between its lines, as MPEG-2 puts them."""
    if plane.shape == shape:
        return plane
    wide = np.ascontiguousarray(plane)
    if source.shift_x > target.shift_x:
        wide = _widened(wide, source.shift_x - target.shift_x, shape[1])
    if source.shift_y > target.shift_y:
        # Between the lines is where cv2 takes samples to lie.
        steps = source.shift_y - target.shift_y
        tall = cv2.resize(wide, (wide.shape[1], wide.shape[0] << steps), interpolation=cv2.INTER_LINEAR)
        wide = tall.reshape(wide.shape[0] << steps, wide.shape[1])[: shape[0]]
    if wide.shape == shape:
        return wide
    out = np.empty(shape, wide.dtype)
    shrink(wide, max(0, target.shift_x - source.shift_x), max(0, target.shift_y - source.shift_y), out)
    return out


def _widened(plane: Plane, steps: int, width: int) -> Plane:
    for step in range(steps):
        room = width if step == steps - 1 else 2 * plane.shape[1]
        out = np.empty((plane.shape[0], min(room, 2 * plane.shape[1])), plane.dtype)
        _widen(plane, out)
        plane = out
    return plane


@njit(nogil=True, cache=True)
def _widen(plane: Any, out: Any) -> None:
    """Twice as wide: every sample, and between two their mean."""
    width = plane.shape[1]
    for y in range(plane.shape[0]):
        row, result = plane[y], out[y]
        for x in range(out.shape[1]):
            left = np.uint32(row[x // 2])
            right = np.uint32(row[min(x // 2 + 1, width - 1)])
            result[x] = left if x % 2 == 0 else (left + right + np.uint32(1)) // np.uint32(2)
