"""Images of more than 8 bits, as pictures in a pixel format that holds them: 16-bit PNG and TIFF, OpenEXR, DPX."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.capture.picture import AvPicture, Converter
from rtskin.frame import Picture
from rtskin.media import av

U16 = npt.NDArray[np.uint16]

_SIGNATURES = {b"\x76\x2f\x31\x01": "exr", b"SDPX": "dpx", b"XPDS": "dpx"}
#: Those that OpenCV reads, at their depth where it is told to.
_BY_OPENCV = (b"\x89PNG", b"II*\0", b"MM\0*")
#: One for all: its tables are made once.
_CONVERTER = Converter()
#: FFmpeg's numbers of "full range" and "RGB".
_FULL, _RGB = 2, 0


def may_be_deep(data: bytes) -> bool:
    """Whether these bytes begin like a PNG or TIFF, which may have 16 bits."""
    return data.startswith(_BY_OPENCV)


def film_codec(data: bytes) -> str | None:
    """FFmpeg's name of the codec, if these bytes begin like an OpenEXR or DPX file."""
    return _SIGNATURES.get(data[:4])


def decode_film(data: bytes, codec: str) -> AvPicture | None:
    """The picture in an OpenEXR or DPX file; None where there is none. av.error.FFmpegError: it is damaged.

    OpenEXR's light is linear: it becomes sRGB (IEC 61966-2-1) of 16 bits, and what is brighter than 1 is cut off. DPX is
    taken as it is, also where it is logarithmic. Alpha is dropped.
    """
    context = av.CodecContext.create(codec, "r")
    context.thread_count = 1
    frames = [*context.decode(av.Packet(data)), *context.decode(None)]
    if not frames:
        return None
    frame = frames[0]
    if codec == "exr":
        return picture_of(_bgr_of_light(frame))
    if frame.format.is_rgb:
        frame.color_range, frame.colorspace = _FULL, _RGB
    return AvPicture(frame, _CONVERTER)


def picture_of(bgr: U16) -> AvPicture:
    """A picture of uint16 H×W×3, B first, full range: "gbrp16le", with a copy of the samples."""
    height, width = bgr.shape[:2]
    frame = av.VideoFrame(width, height, "gbrp16le")
    for plane, channel in zip(frame.planes, (1, 0, 2), strict=True):
        rows = np.frombuffer(plane, np.uint16)[: plane.line_size // 2 * height].reshape(height, -1)
        rows[:, :width] = bgr[..., channel]
    frame.color_range, frame.colorspace = _FULL, _RGB
    return AvPicture(frame, _CONVERTER)


def _bgr_of_light(frame: Any) -> U16:
    """uint16 H×W×3 of the planes (grey, or green, blue, red), which hold floats of 16 or 32 bits."""
    kind = np.dtype(np.float16) if "f16" in frame.format.name else np.dtype(np.float32)
    out = np.empty((frame.height, frame.width, 3), np.uint16)
    order = (0, 0, 0) if len(frame.planes) < 3 else (1, 0, 2)
    for channel, index in enumerate(order):
        plane = frame.planes[index]
        rows = np.frombuffer(plane, kind)[: plane.line_size // kind.itemsize * frame.height]
        light = rows.reshape(frame.height, -1)[:, : frame.width]
        out[..., channel] = _codes_of_halves()[light.view(np.uint16)] if kind == np.float16 else codes_of_light(light)
    return out


@lru_cache(1)
def _codes_of_halves() -> U16:
    """The code of every half float, by its bits."""
    return codes_of_light(np.arange(1 << 16, dtype=np.uint16).view(np.float16).astype(np.float32))


def codes_of_light(light: npt.NDArray[Any]) -> U16:
    """sRGB of 16 bits of linear light 0 … 1 (float, any shape); what lies outside is cut off, what is no number is black."""
    clean = np.clip(np.nan_to_num(light.astype(np.float32, copy=False), nan=0.0), 0, 1)
    signal = np.where(clean <= 0.0031308, clean * 12.92, 1.055 * clean ** (1 / 2.4) - 0.055)
    codes: U16 = np.rint(signal * 65535).astype(np.uint16)
    return codes


def deep_bgr(picture: Picture) -> U16:
    """uint16 H×W×3 of any picture of an image file, full scale: what has 8 bits is spread."""
    if not isinstance(picture, AvPicture):
        return picture.bgr() * np.uint16(257)
    return picture.frame.to_ndarray(format="bgr48le")
