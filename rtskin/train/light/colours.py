"""The published set of colour changes under which skin stays skin, and lattices that hide a part of it.

Hue, saturation, contrast and brightness, and sepia after "Color Invariant Skin Segmentation" (Xu, Sarkar, Abbott; CVPR
workshops 2022), with the values of the widely used script that makes 26 of a picture: six hues, three lower and two higher
saturations, five pairs of contrast and brightness, eight degrees of a sepia whose red and blue are swapped (bluish, not
yellowed), a lattice over all of the subject and one over a part of it.

Where ours differ: hues are 360/7 degrees apart and sepia starts above 0, as the sixth hue and the first sepia there give the
original again; brightness moves by 30 of 255 rather than 5, which nobody sees; and what a lattice covers is taken out
of the mask, because what covers skin is not skin.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.train.data.imaging import cv2

if TYPE_CHECKING:
    from rtskin.train.recipe import Augment

Array = np.ndarray[Any, Any]
#: uint8: image H×W×3 BGR, mask H×W.
Pair = tuple[Array, Array]
Change = Callable[[np.random.Generator, Array, Array], Pair]

HUES = tuple(360 / 7 * step for step in range(1, 7))
SATURATIONS = (0.5, 0.3, 0.0, 1.2, 1.5)
#: (gain, offset)
CONTRASTS = ((1.0, 30), (1.5, 0), (0.7, 30), (0.7, 0), (1.5, 30))
SEPIAS = tuple(step / 8 for step in range(1, 9))

#: Sepia as it is published for RGB; applied to BGR, which swaps red and blue.
_SEPIA = np.array([[0.393, 0.769, 0.189], [0.349, 0.686, 0.168], [0.272, 0.534, 0.131]])


def turn_hue(image: Array, degrees: float) -> Array:
    """Every hue turned by ``degrees`` around the HSV circle."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    table = ((np.arange(256) + round(degrees / 2)) % 180).astype(np.uint8)  # OpenCV's hues are 0…179
    hsv[..., 0] = table[hsv[..., 0]]
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def saturate(image: Array, factor: float) -> Array:
    """HSV saturation times ``factor``; 0 is grey."""
    hsv = cv2.cvtColor(image, cv2.COLOR_BGR2HSV)
    table = np.minimum(np.arange(256) * factor, 255).astype(np.uint8)
    hsv[..., 1] = table[hsv[..., 1]]
    return cv2.cvtColor(hsv, cv2.COLOR_HSV2BGR)


def contrast(image: Array, gain: float, offset: float) -> Array:
    """``gain`` · value + ``offset`` (of 255), clipped."""
    return cv2.LUT(image, np.clip(np.arange(256) * gain + offset, 0, 255).astype(np.uint8))


def sepia(image: Array, degree: float) -> Array:
    """Towards a bluish monochrome: ``degree`` 0 is the picture itself, 1 all of it."""
    toned: Array = cv2.transform(image, (_SEPIA * degree + np.eye(3) * (1 - degree)).astype(np.float32))
    return toned


def lattice(rng: np.random.Generator, image: Array, mask: Array, part: float = 1.0) -> Pair:
    """An opaque lattice of one colour at a random angle of 0 to 90°, over the subject (``mask``) and a little around it.

    ``part``: the share of the subject's width and height that it lies over, somewhere in it. What it covers is no longer
    skin. A picture without a subject comes back as it is.
    """
    angle, pitch, width, *at = rng.random(5)
    colour = rng.integers(0, 256, 3)
    box = _box(mask)
    if box is None:
        return image, mask
    left, top, right, bottom = box
    across, down = (right - left) * part, (bottom - top) * part
    left, top = left + at[0] * (right - left - across), top + at[1] * (bottom - top - down)
    # Pixels, finest where bars would become thinner than what a camera shows.
    side = max(6.0, (0.08 + 0.14 * pitch) * max(across, down))
    bar = max(1.5, side * (0.15 + 0.25 * width))
    cover = _bars(mask.shape, angle * np.pi / 2, side, bar)
    region = cv2.dilate(mask, np.ones((3, 3), np.uint8), iterations=max(1, round(side / 3))) > 127
    rows, columns = (np.arange(length) for length in mask.shape)
    inside = ((rows >= top) & (rows < top + down))[:, None] & ((columns >= left) & (columns < left + across))[None]
    cover = cover * (region & inside)
    covered: Array = np.rint(image + (colour - image.astype(np.float32)) * cover[..., None]).astype(np.uint8)
    return covered, np.rint(mask * (1 - cover)).astype(np.uint8)


def _box(mask: Array) -> tuple[int, int, int, int] | None:
    """(left, top, right, bottom) of what is skin."""
    rows, columns = (np.nonzero((mask > 127).any(axis=axis))[0] for axis in (1, 0))
    return (int(columns[0]), int(rows[0]), int(columns[-1]) + 1, int(rows[-1]) + 1) if len(rows) else None


def _bars(shape: tuple[int, ...], angle: float, side: float, bar: float) -> Array:
    """float32 H×W, 1 on the bars of a square lattice: ``side`` pixels from bar to bar, each ``bar`` wide."""
    y, x = np.arange(shape[0], dtype=np.float32)[:, None], np.arange(shape[1], dtype=np.float32)[None]
    sine, cosine = np.float32(np.sin(angle)), np.float32(np.cos(angle))
    away = (np.abs((along + side / 2) % side - side / 2) for along in (x * cosine + y * sine, y * cosine - x * sine))
    near: Array = np.minimum(*away)
    return np.clip(bar / 2 - near + 0.5, 0, 1).astype(np.float32)


def _plain(change: Callable[..., Array], *values: float) -> Change:
    return lambda rng, image, mask: (change(image, *values), mask)


def _part(rng: np.random.Generator, image: Array, mask: Array) -> Pair:
    return lattice(rng, image, mask, rng.uniform(0.3, 0.7))


#: All 26, by the name that files get.
VARIANTS: dict[str, Change] = {
    **{f"hue{round(degrees):03d}": _plain(turn_hue, degrees) for degrees in HUES},
    **{f"saturation{round(factor * 100):03d}": _plain(saturate, factor) for factor in SATURATIONS},
    **{f"contrast{round(gain * 100):03d}+{offset}": _plain(contrast, gain, offset) for gain, offset in CONTRASTS},
    **{f"sepia{round(degree * 1000):04d}": _plain(sepia, degree) for degree in SEPIAS},
    "lattice": lattice,
    "lattice-part": _part,
}


def published(rng: np.random.Generator, image: Array, mask: Array, spec: Augment) -> Pair:
    """A sample with each kind of change by its share in ``spec``, drawn from the range of the published values.

    ``rng`` is left as it was, so that a recipe without these shares draws what it always drew.
    """
    shares = (spec.hue_turn, spec.desaturate, spec.contrast_brightness, spec.sepia, spec.lattice, spec.part_lattice)
    if not any(shares):
        return image, mask
    own = rng.spawn(1)[0]
    chosen = own.random(len(shares)) < shares
    if chosen[0]:
        image = turn_hue(image, own.uniform(0, 360))
    if chosen[1]:
        image = saturate(image, own.uniform(SATURATIONS[2], SATURATIONS[-1]))
    if chosen[2]:
        image = contrast(image, own.uniform(0.7, 1.5), own.uniform(-30, 30))
    if chosen[3]:
        image = sepia(image, own.uniform(SEPIAS[0], 1))
    if chosen[4]:
        image, mask = lattice(own, image, mask)
    if chosen[5]:
        image, mask = _part(own, image, mask)
    return image, mask
