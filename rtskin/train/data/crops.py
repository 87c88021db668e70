"""Which part of a picture a training sample shows: crops around skin at log-uniform scales, cut out in one warp.

At run time a picture is stretched to the nearest of the network's input shapes, so crops have about the aspect of the
shape that they are made for, and differ from it as much as pictures do.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import Picture

if TYPE_CHECKING:
    from rtskin.train.recipe import Crops

Array = np.ndarray[Any, Any]
#: (width, height) in pixels.
Shape = tuple[int, int]


@dataclass(frozen=True)
class Crop:
    """A rectangle of the picture: centre, width and height in pixels, turned by ``degrees``, perhaps mirrored."""

    x: float
    y: float
    width: float
    height: float
    degrees: float = 0.0
    flip: bool = False


def draw(rng: np.random.Generator, picture: Picture, spec: Crops, shape: Shape) -> Crop:
    """A crop of ``picture`` for an input of ``shape``: nearly whole, larger than the picture, or a part of it, mostly
    centred on skin."""
    rows, columns = picture.mask.shape
    # Always the same number of draws, so that one decision does not shift all later ones.
    kind, scale, aspect, centre, turn, widen = rng.random(6)
    shift, angle, flip = rng.uniform(-1, 1, 2), rng.uniform(-1, 1), rng.random() < spec.flip
    index = rng.integers(2**31)
    wanted = shape[0] / shape[1] * spec.aspect ** (2 * aspect - 1)
    degrees = angle * spec.degrees if turn < spec.rotate else 0.0
    if spec.native is not None:
        low, high = np.log(spec.native)
        factor = np.exp(low + scale * (high - low)) * np.sqrt(spec.aspect ** (2 * aspect - 1))
        width, height = shape[0] * factor, shape[1] * factor
        shrink = min(1.0, columns / width, rows / height)
        width, height = width * shrink, height * shrink
    elif kind < spec.whole:
        width, height = _near(columns * (1 - 0.15 * scale), rows * (1 - 0.15 * shift[1] ** 2), shape, spec, widen < 0.3)
    elif kind < spec.whole + spec.zoom_out:
        width, height = _near(columns, rows, shape, spec, widen < 0.7)
        zoom = spec.zoom_out_to**scale
        x, y = columns * (0.5 + 0.25 * shift[0]), rows * (0.5 + 0.25 * shift[1])
        return Crop(x, y, width * zoom, height * zoom, degrees, flip)
    else:
        low, high = np.log(spec.scale)
        side = max(rows, columns) * np.exp(low + scale * (high - low))
        width, height = side * np.sqrt(wanted), side / np.sqrt(wanted)
        shrink = min(1.0, columns / width, rows / height)
        width, height = width * shrink, height * shrink
    if len(picture.skin) and centre < spec.on_skin:
        x, y = picture.skin[index % len(picture.skin)] + 0.4 * shift * np.array([width, height])
    else:
        x, y = 0.5 * np.array([columns, rows]) * (1 + shift)
    return Crop(_inside(x, width, columns), _inside(y, height, rows), float(width), float(height), degrees, flip)


def _near(width: float, height: float, shape: Shape, spec: Crops, widen: bool) -> tuple[float, float]:
    """The sides of a (nearly) whole picture, changed where its aspect is too far from the shape's to be stretched to it.

    ``widen`` takes in what is mirrored beside the picture, else a part of the picture is left out.
    """
    ratio = (width / height) / (shape[0] / shape[1])
    limit = spec.aspect
    if ratio > limit:
        return (width, height * ratio / limit) if widen else (width * limit / ratio, height)
    if ratio < 1 / limit:
        return (width / (ratio * limit), height) if widen else (width, height * ratio * limit)
    return width, height


def _inside(centre: float, side: float, length: int) -> float:
    """The centre, moved so that the side lies inside the picture; in the middle where it is longer."""
    return float(np.clip(centre, side / 2, length - side / 2)) if side <= length else length / 2


def cut(
    picture: Picture, crop: Crop, shape: Shape, smooth: bool = True, more: Sequence[Array] = ()
) -> tuple[Array, ...]:
    """(image, mask, weight, and ``more`` planes of the picture) of a crop, stretched to ``shape``; what lies outside the
    picture is mirrored in.

    ``smooth`` averages when shrinking; without it pixels are skipped, as cheap scalers do.
    """
    planes = (picture.image, picture.mask, picture.weight, *more)
    return tuple(warp(planes, crop, shape, smooth, cv2.BORDER_REFLECT_101))


def warp(planes: Sequence[Array], crop: Crop, shape: Shape, smooth: bool, border: int) -> list[Array]:
    """The crop of planes of one size, each stretched to ``shape``; ``border`` is OpenCV's for what lies outside."""
    left, top, right, bottom = _bounds(crop, planes[0].shape)
    window = np.s_[top:bottom, left:right]
    planes = [plane[window] for plane in planes]
    across, down = 1.0, 1.0
    if smooth and (crop.width > 1.3 * shape[0] or crop.height > 1.3 * shape[1]):
        # Warping alone would skip pixels when it shrinks: average first, to about the final scale.
        new = (
            max(1, round((right - left) * min(1.0, shape[0] / crop.width))),
            max(1, round((bottom - top) * min(1.0, shape[1] / crop.height))),
        )
        across, down = new[0] / (right - left), new[1] / (bottom - top)
        planes = [cv2.resize(plane, new, interpolation=cv2.INTER_AREA) for plane in planes]
    matrix = _matrix(crop, shape, left, top, across, down)
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return [cv2.warpAffine(plane, matrix, shape, flags=flags, borderMode=border) for plane in planes]


def _bounds(crop: Crop, shape: tuple[int, ...]) -> tuple[int, int, int, int]:
    """The part of the picture (left, top, right, bottom) that the turned rectangle needs, and a little more."""
    angle = np.deg2rad(crop.degrees)
    sine, cosine = abs(np.sin(angle)), abs(np.cos(angle))
    half_x = (crop.width * cosine + crop.height * sine) / 2 + 2
    half_y = (crop.width * sine + crop.height * cosine) / 2 + 2
    left, right = _span(crop.x, half_x, shape[1])
    top, bottom = _span(crop.y, half_y, shape[0])
    return left, top, right, bottom


def _span(centre: float, half: float, length: int) -> tuple[int, int]:
    """Pixels from … to of a side of the picture; at least one, also where the rectangle lies beside the picture."""
    first = min(max(0, int(centre - half)), length - 1)
    return first, max(first + 1, min(length, int(np.ceil(centre + half))))


def _matrix(crop: Crop, shape: Shape, left: int, top: int, across: float, down: float) -> Array:
    """2×3: from a pixel of the sample to a pixel of the (shrunk) window; pixel centres are at +0.5."""
    angle = np.deg2rad(crop.degrees)
    sine, cosine = np.sin(angle), np.cos(angle)
    sx, sy = crop.width / shape[0] * (-1 if crop.flip else 1), crop.height / shape[1]
    turn = np.array([[cosine * sx, -sine * sy], [sine * sx, cosine * sy]])
    origin = np.array([crop.x - left, crop.y - top]) - turn @ (np.array(shape) / 2)
    shrink = np.array([across, down])
    matrix = np.empty((2, 3))
    matrix[:, :2] = turn * shrink[:, None]
    matrix[:, 2] = (origin + turn @ np.array([0.5, 0.5])) * shrink - 0.5
    return matrix
