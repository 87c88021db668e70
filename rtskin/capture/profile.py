"""What the numbers of a photograph mean: its ICC profile, which pictures made of it keep."""

from __future__ import annotations

import struct
from collections.abc import Sequence
from typing import Any

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2

#: Of a profile's header (ICC.1, section 7.2): its length, what space it is of, and what every profile says of itself.
_LENGTH, _SPACE, _SIGNATURE = slice(0, 4), slice(16, 20), slice(36, 40)
_HEADER = 128
#: How TIFF files begin, and the order of bytes that this says.
_TIFF = {b"II*\0": "<", b"MM\0*": ">"}
_ICC_TAG = 34675


def decode_with_profile(data: U8, flags: int) -> tuple[Any, bytes | None]:
    """``cv2.imdecode``, and the picture's profile where it has one for RGB: in TIFF, and with OpenCV from 4.12 on in JPEG,
    PNG and WebP."""
    order = _TIFF.get(data[:4].tobytes())
    if order is not None:
        return cv2.imdecode(data, flags), _checked(_in_tiff(data.tobytes(), order))
    if not hasattr(cv2, "imdecodeWithMetadata"):
        return cv2.imdecode(data, flags), None
    image, kinds, chunks = cv2.imdecodeWithMetadata(data, flags)
    found = dict(zip(() if kinds is None else map(int, kinds), chunks or (), strict=False))
    profile = found.get(cv2.IMAGE_METADATA_ICCP)
    return image, None if profile is None else _checked(np.asarray(profile, np.uint8).tobytes())


def encode_png(pixels: Any, profile: bytes | None, options: Sequence[int] = ()) -> memoryview:
    """A PNG file that keeps the profile; without it where OpenCV cannot write it, or takes it for damaged (and says so)."""
    if profile is not None and hasattr(cv2, "imencodeWithMetadata"):
        chunk = np.frombuffer(profile, np.uint8)
        done, data = cv2.imencodeWithMetadata(".png", pixels, [cv2.IMAGE_METADATA_ICCP], [chunk], options)
        if done:
            return data.data
    return cv2.imencode(".png", pixels, options)[1].data


def _in_tiff(data: bytes, order: str) -> bytes:
    """What the first picture of a TIFF file says under the tag for profiles; OpenCV does not tell. Empty where nothing."""
    try:
        (place,) = struct.unpack_from(f"{order}I", data, 4)
        (count,) = struct.unpack_from(f"{order}H", data, place)
        for number in range(count):
            tag, _, length, start = struct.unpack_from(f"{order}HHII", data, place + 2 + 12 * number)
            if tag == _ICC_TAG:
                return data[start : start + length]
    except struct.error:  # cut off, or no TIFF after all: the decoder says so
        pass
    return b""


def _checked(found: bytes) -> bytes | None:
    """One that is damaged is none, and one for CMYK or grey says nothing of the RGB that was decoded."""
    whole = len(found) >= _HEADER and int.from_bytes(found[_LENGTH], "big") == len(found)
    return found if whole and found[_SPACE] == b"RGB " and found[_SIGNATURE] == b"acsp" else None
