"""What a mask of a single image is made visible as: the matte itself, the picture with its skin marked, or cut out."""

from __future__ import annotations

from typing import Any, Literal, get_args

import numpy as np
import numpy.typing as npt

from rtskin.capture.deep import deep_bgr
from rtskin.capture.profile import encode_png
from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import U8, BgrPicture, Frame, Mask, Picture, SourceInfo
from rtskin.media import cv2
from rtskin.render.foreground import own_colors
from rtskin.render.views.overlay import overlay

StillView = Literal["matte", "overlay", "cutout"]
VIEWS: tuple[str, ...] = get_args(StillView)

Pixels = npt.NDArray[Any]


def check_view(view: str, bits: int) -> None:
    """UnknownNameError, InputError for what cannot be shown so."""
    if view not in VIEWS:
        raise UnknownNameError("view of single images", view, VIEWS)
    if bits not in (8, 16):
        raise InputError(f"a picture has 8 or 16 bits, not {bits}")
    if bits == 16 and view == "overlay":
        raise InputError("an overlay has 8 bits; --bits 16 is for matte and cutout")


def shown(view: str, picture: Picture, mask: Pixels) -> Pixels:
    """As a file holds it: "matte" the mask, H×W; "overlay" uint8 H×W×3 BGR; "cutout" H×W×4 BGRA, not premultiplied, its edge
    in the skin's own colours, of the mask's depth."""
    if view == "matte":
        return mask
    if view == "overlay":
        return _overlay(picture.bgr(), mask)
    colors = own_colors(samples(picture, mask.dtype), mask)
    return np.dstack([colors, mask])


def samples(picture: Picture, dtype: npt.DTypeLike) -> Pixels:
    """H×W×3 BGR of uint8, or of uint16 with as many bits as the picture has."""
    if np.dtype(dtype) == np.uint8:
        return picture.bgr()
    return deep_bgr(picture)


def _overlay(bgr: U8, mask: U8) -> U8:
    frame = Frame(0, BgrPicture(bgr), SourceInfo("image", bgr.shape[1], bgr.shape[0]))
    return overlay(bgr, Mask(frame, mask), np.empty_like(bgr))


def encoded(picture: Pixels, profile: bytes | None = None) -> memoryview:
    """As a PNG file; ``profile``: the ICC profile of the photograph whose colours it shows. A mask has no colours."""
    return encode_png(picture, profile if picture.ndim == 3 else None, [cv2.IMWRITE_PNG_COMPRESSION, 1])
