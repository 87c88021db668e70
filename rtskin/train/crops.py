"""Which part of a picture a training sample shows: crops around skin at log-uniform scales, cut out in one warp.

At run time pictures of any aspect are stretched to the square input, so crops of many aspects are stretched here too.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from rtskin.train.data import Picture
from rtskin.train.imaging import cv2
from rtskin.train.recipe import Crops

Array = np.ndarray[Any, Any]


@dataclass(frozen=True)
class Crop:
    """A rectangle of the picture: centre, width and height in pixels, turned by ``degrees``, perhaps mirrored."""

    x: float
    y: float
    width: float
    height: float
    degrees: float = 0.0
    flip: bool = False


def draw(rng: np.random.Generator, picture: Picture, spec: Crops) -> Crop:
    """A crop of ``picture``: nearly whole, larger than the picture, or a part of it, mostly centred on skin."""
    rows, columns = picture.mask.shape
    # Always the same number of draws, so that one decision does not shift all later ones.
    kind, scale, aspect, centre, turn = rng.random(5)
    shift, angle, flip = rng.uniform(-1, 1, 2), rng.uniform(-1, 1), rng.random() < spec.flip
    index = rng.integers(2**31)
    stretch = spec.aspect ** (aspect - 0.5)
    degrees = angle * spec.degrees if turn < spec.rotate else 0.0
    if kind < spec.whole:
        width, height = columns * (1 - 0.15 * scale), rows * (1 - 0.15 * aspect)
    elif kind < spec.whole + spec.zoom_out:
        zoom = spec.zoom_out_to**scale
        width, height = columns * zoom * stretch, rows * zoom / stretch
        return Crop(columns * (0.5 + 0.25 * shift[0]), rows * (0.5 + 0.25 * shift[1]), width, height, degrees, flip)
    else:
        low, high = np.log(spec.scale)
        side = max(rows, columns) * np.exp(low + scale * (high - low))
        stretch = spec.aspect ** (2 * aspect - 1)
        width, height = min(side * np.sqrt(stretch), columns), min(side / np.sqrt(stretch), rows)
    if len(picture.skin) and centre < spec.on_skin:
        x, y = picture.skin[index % len(picture.skin)] + 0.4 * shift * np.array([width, height])
    else:
        x, y = 0.5 * np.array([columns, rows]) * (1 + shift)
    x = float(np.clip(x, width / 2, columns - width / 2))
    y = float(np.clip(y, height / 2, rows - height / 2))
    return Crop(x, y, float(width), float(height), degrees, flip)


def cut(picture: Picture, crop: Crop, size: int, smooth: bool = True) -> tuple[Array, Array, Array]:
    """(image, mask, weight) of a crop, stretched to size × size; what lies outside the picture is mirrored in.

    ``smooth`` averages when shrinking; without it pixels are skipped, as cheap scalers do.
    """
    left, top, right, bottom = _bounds(crop, picture.mask.shape)
    window = np.s_[top:bottom, left:right]
    planes = picture.image[window], picture.mask[window], picture.weight[window]
    across, down = 1.0, 1.0
    if smooth and max(crop.width, crop.height) > 1.3 * size:
        # Warping alone would skip pixels when it shrinks: average first, to about the final scale.
        new = (
            max(1, round((right - left) * min(1.0, size / crop.width))),
            max(1, round((bottom - top) * min(1.0, size / crop.height))),
        )
        across, down = new[0] / (right - left), new[1] / (bottom - top)
        planes = tuple(cv2.resize(plane, new, interpolation=cv2.INTER_AREA) for plane in planes)
    matrix = _matrix(crop, size, left, top, across, down)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    image, mask, weight = (
        cv2.warpAffine(plane, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REFLECT_101) for plane in planes
    )
    return image, mask, weight


def _bounds(crop: Crop, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of the picture (left, top, right, bottom) that the turned rectangle needs, and a little more."""
    angle = np.deg2rad(crop.degrees)
    sine, cosine = abs(np.sin(angle)), abs(np.cos(angle))
    half_x = (crop.width * cosine + crop.height * sine) / 2 + 2
    half_y = (crop.width * sine + crop.height * cosine) / 2 + 2
    left, right = max(0, int(crop.x - half_x)), min(shape[1], int(np.ceil(crop.x + half_x)))
    top, bottom = max(0, int(crop.y - half_y)), min(shape[0], int(np.ceil(crop.y + half_y)))
    return left, top, max(right, left + 1), max(bottom, top + 1)


def _matrix(crop: Crop, size: int, left: int, top: int, across: float, down: float) -> Array:
    """2×3: from a pixel of the sample to a pixel of the (shrunk) window; pixel centres are at +0.5."""
    angle = np.deg2rad(crop.degrees)
    sine, cosine = np.sin(angle), np.cos(angle)
    sx, sy = crop.width / size * (-1 if crop.flip else 1), crop.height / size
    turn = np.array([[cosine * sx, -sine * sy], [sine * sx, cosine * sy]])
    origin = np.array([crop.x - left, crop.y - top]) - turn @ np.array([size / 2, size / 2])
    shrink = np.array([across, down])
    matrix = np.empty((2, 3))
    matrix[:, :2] = turn * shrink[:, None]
    matrix[:, 2] = (origin + turn @ np.array([0.5, 0.5])) * shrink - 0.5
    return matrix
