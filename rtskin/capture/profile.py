"""What the numbers of a photograph mean: its ICC profile, which pictures made of it keep."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from rtskin.frame import U8
from rtskin.media import cv2

#: Of a profile's header (ICC.1, section 7.2): its length, what space it is of, and what every profile says of itself.
_LENGTH, _SPACE, _SIGNATURE = slice(0, 4), slice(16, 20), slice(36, 40)
_HEADER = 128


def decode_with_profile(data: U8, flags: int) -> tuple[Any, bytes | None]:
    """``cv2.imdecode``, and the picture's profile where it has one for RGB; OpenCV from 4.12 on can tell."""
    if not hasattr(cv2, "imdecodeWithMetadata"):
        return cv2.imdecode(data, flags), None
    image, kinds, chunks = cv2.imdecodeWithMetadata(data, flags)
    return image, _of_rgb(kinds, chunks)


def encode_png(pixels: Any, profile: bytes | None, options: Sequence[int] = ()) -> memoryview:
    """A PNG file that keeps the profile; without it where OpenCV cannot write it, or takes it for damaged (and says so)."""
    if profile is not None and hasattr(cv2, "imencodeWithMetadata"):
        chunk = np.frombuffer(profile, np.uint8)
        done, data = cv2.imencodeWithMetadata(".png", pixels, [cv2.IMAGE_METADATA_ICCP], [chunk], options)
        if done:
            return data.data
    return cv2.imencode(".png", pixels, options)[1].data


def _of_rgb(kinds: Any, chunks: Any) -> bytes | None:
    """One for CMYK or grey says nothing of the RGB that was decoded."""
    for kind, chunk in zip(() if kinds is None else kinds, chunks or (), strict=False):
        found = np.asarray(chunk, np.uint8).tobytes()
        whole = len(found) >= _HEADER and int.from_bytes(found[_LENGTH], "big") == len(found)
        if kind == cv2.IMAGE_METADATA_ICCP and whole and found[_SPACE] == b"RGB " and found[_SIGNATURE] == b"acsp":
            return found
    return None
