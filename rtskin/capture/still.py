"""One image from a file, as people see it."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import numpy as np

from rtskin.capture.quiet import quiet_opencv
from rtskin.errors import SourceError, SourceNotFoundError
from rtskin.frame import U8
from rtskin.media import cv2


def read_image(path: str | os.PathLike[str]) -> U8:
    """uint8 H×W×3 BGR: grey made colour, 16 bit scaled to 8, alpha dropped, EXIF orientation applied.

    SourceNotFoundError: there is nothing. SourceError: a directory, unreadable, or not an image (also: cut off so early
    that nothing can be decoded).
    """
    path = Path(path)
    data = _bytes(path)
    if data.size == 0:
        raise SourceError(f"{path} is empty")
    try:
        with quiet_opencv():
            image = cv2.imdecode(data, cv2.IMREAD_COLOR)
    except cv2.error as error:
        # OpenCV refuses pictures of absurd size this way.
        raise SourceError(f"{path} cannot be decoded: {error.err or 'it may be too large'}") from None
    if image is None:
        raise SourceError(f"{path} is not an image that can be read, or it is damaged")
    pixels: U8 = image
    return pixels


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
