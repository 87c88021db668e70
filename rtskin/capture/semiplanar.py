"""Pixel formats whose chroma samples stand in pairs, or whose samples are high bits: as GPUs and cameras give pictures.

Everybody else here knows formats with a plane for each component, which hold the very same samples.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.media import av

#: What NVIDIA's GPUs decode to, and what software decodes the same streams to.
_TWINS = {
    "nv12": "yuv420p",
    "nv16": "yuv422p",
    "nv24": "yuv444p",
    "p010le": "yuv420p10le",
    "p210le": "yuv422p10le",
    "p012le": "yuv420p12le",
    "p016le": "yuv420p12le",  # NVDEC decodes no more than 12 bits
    "p212le": "yuv422p12le",
    "p216le": "yuv422p12le",
    "yuv444p10msble": "yuv444p10le",
    "yuv444p12msble": "yuv444p12le",
    "yuv444p16le": "yuv444p12le",
}


def planar(frame: Any, scaler: Any) -> Any:
    """An av.VideoFrame with each component in a plane of its own, the low bits of its samples: the same samples, times and
    side data. The same frame where that is so already."""
    twin = _TWINS.get(frame.format.name)
    if twin is None:
        return frame
    bits = av.VideoFormat(twin, 16, 16).components[0].bits
    out = scaler.reformat(frame, format=twin, threads=1)
    out.color_range, out.colorspace = frame.color_range, frame.colorspace
    out.color_primaries, out.color_trc = frame.color_primaries, frame.color_trc
    if bits > 8 and frame.width % 2 and len(frame.planes) == 2:
        # swscale reads pairs of odd width from the wrong place.
        pairs = _rows(frame.planes[1], 2)
        for plane, samples in zip(out.planes[1:], (pairs[..., 0], pairs[..., 1]), strict=True):
            np.right_shift(samples, 16 - bits, out=_rows(plane, 1)[..., 0])
    return out


def _rows(plane: Any, each: int) -> Any:
    """uint16 H×W×each, a view of it."""
    rows = np.frombuffer(plane, np.uint16).reshape(-1, plane.line_size // 2)[: plane.height]
    return rows[:, : plane.width * each].reshape(plane.height, plane.width, each)
