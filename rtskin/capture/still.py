"""One image from a file, as people see it."""

from __future__ import annotations

import errno
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from rtskin.capture.deep import codes_of_light, decode_film, film_codec, may_be_deep, picture_of
from rtskin.capture.profile import decode_with_profile
from rtskin.capture.quiet import quiet_opencv
from rtskin.errors import SourceError, SourceNotFoundError
from rtskin.frame import U8, BgrPicture, Picture
from rtskin.media import av, cv2


@dataclass(frozen=True)
class Still:
    """profile: the ICC profile of its RGB, of which colours in a picture made of it need the same."""

    picture: Picture
    profile: bytes | None = None


def read_image(path: str | os.PathLike[str]) -> U8:
    """uint8 H×W×3 BGR: grey made colour, more bits made 8, alpha dropped, EXIF orientation applied.

    Errors: those of :func:`read_still`.
    """
    return read_picture(path).bgr()


def read_picture(path: str | os.PathLike[str]) -> Picture:
    """The picture of :func:`read_still`."""
    return read_still(path).picture


def read_still(path: str | os.PathLike[str]) -> Still:
    """The image at its own depth: "bgr24", or "gbrp16le" for PNG and TIFF of 16 bits, for TIFF of floats and
    OpenEXR (whose light is linear, and becomes sRGB), or what a DPX file holds.

    SourceNotFoundError: there is nothing. SourceError: a directory, unreadable, or not an image (also: cut off so early
    that nothing can be decoded).
    """
    path = Path(path)
    data = _bytes(path)
    if data.size == 0:
        raise SourceError(f"{path} is empty")
    head = data[:8].tobytes()
    codec = film_codec(head)
    found = _by_opencv(path, data, may_be_deep(head)) if codec is None else _by_ffmpeg(data, codec)
    if found is None:
        raise SourceError(f"{path} is not an image that can be read, or it is damaged")
    return found


def _by_opencv(path: Path, data: U8, deep: bool) -> Still | None:
    image: Any = None
    profile = None
    try:
        with quiet_opencv():
            if deep:
                image, profile = decode_with_profile(data, cv2.IMREAD_COLOR | cv2.IMREAD_ANYDEPTH)
            if image is None:
                image, profile = decode_with_profile(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        # OpenCV refuses pictures of absurd size this way.
        raise SourceError(f"{path} cannot be decoded: {error.err or 'it may be too large'}") from None
    if image is None or image.size == 0:
        return None
    if image.dtype == np.uint8:
        return Still(BgrPicture(image), profile)
    if image.dtype == np.uint16:
        return Still(picture_of(image), profile)
    return Still(picture_of(codes_of_light(image)))


def _by_ffmpeg(data: U8, codec: str) -> Still | None:
    try:
        picture = decode_film(data.tobytes(), codec)
    except (av.error.FFmpegError, ValueError):
        return None
    return None if picture is None else Still(picture)


def _bytes(path: Path) -> U8:
    try:
        return np.fromfile(path, np.uint8)
    except FileNotFoundError:
        raise SourceNotFoundError(f"there is no image {path}") from None
    except IsADirectoryError:
        raise SourceError(f"{path} is a directory, not an image; name the images in it") from None
    except PermissionError:
        raise SourceError(f"{path} may not be read; check its permissions") from None
    except OSError as error:
        raise SourceError(f"{path} cannot be read: {os.strerror(error.errno or errno.EIO)}") from None
