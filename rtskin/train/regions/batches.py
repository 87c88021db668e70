"""Batches of changed crops: as another frame, another camera and another mask would have them."""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.media import cv2
from rtskin.roi.label.crops import ROOM
from rtskin.train.light.augment import photometric
from rtskin.train.regions.collect import KEPT, WIDE
from rtskin.train.regions.pieces import View, piece_of, view_of
from rtskin.train.regions.recipe import RegionRecipe

Array = np.ndarray[Any, Any]
#: The region that a crop was kept for.
WHOLE = View(((KEPT - 1) / 2, (KEPT - 1) / 2), KEPT / WIDE)


def plain(crop: Array, side: int) -> Array:
    """A kept crop as the network sees it where nothing is changed: uint8 side×side×4."""
    return _warped(crop, _turn(WHOLE, side, 1.0, 0.0, False, (0.0, 0.0)), side)


def changed(rng: np.random.Generator, crop: Array, recipe: RegionRecipe, pieces: bool = False) -> Array:
    """A kept crop (uint8 KEPT×KEPT×4) as uint8 side×side×4: moved, turned, mirrored, lit, covered, its mask not right.

    pieces: a piece of the region, as it is found where the mask has lost the rest, is the same kind of thing.
    """
    spec, side = recipe.shake, recipe.net.side
    view = WHOLE
    if pieces and rng.random() < spec.piece:
        crop = piece_of(rng, crop)
        view = view_of(crop)
    zoom = float(np.exp(rng.uniform(-1, 1) * spec.zoom))
    angle = float(rng.uniform(-1, 1) * spec.degrees)
    shift = rng.uniform(-1, 1, 2) * spec.shift
    out = _warped(
        crop, _turn(view, side, zoom, angle, bool(rng.random() < 0.5), (float(shift[0]), float(shift[1]))), side
    )
    image, mask = out[..., :3], out[..., 3]
    if rng.random() < spec.small:
        image, mask = _coarse(rng, image, mask)
    image = photometric(rng, np.ascontiguousarray(image), recipe.augment)
    if rng.random() < spec.mask:
        mask = _wrong(rng, mask)
    out = np.dstack([image, mask])
    if rng.random() < spec.cover:
        _cover(rng, out)
    if rng.random() < spec.cut:
        _cut(rng, out)
    return out


def draws(rng: np.random.Generator, labels: Array, weights: Array, count: int) -> Array:
    """Indices: each class as often as the others, in it by ``weights``."""
    kinds = np.unique(labels)
    chance = np.zeros(len(labels))
    for kind in kinds:
        own = labels == kind
        chance[own] = weights[own] / weights[own].sum() / len(kinds)
    return rng.choice(len(labels), count, p=chance)


def _turn(view: View, side: int, zoom: float, angle: float, mirror: bool, shift: tuple[float, float]) -> Array:
    """2×3: from the network's crop to the kept one."""
    seen = view.length * ROOM
    turned = cv2.getRotationMatrix2D((0, 0), angle, zoom * seen / side)
    if mirror:
        turned[:, 0] *= -1
    middle = np.array([(side - 1) / 2] * 2)
    turned[:, 2] = np.array(view.middle) + np.array(shift) * seen - turned[:, :2] @ middle
    return np.asarray(turned)


def _warped(crop: Array, turn: Array, side: int) -> Array:
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return np.asarray(cv2.warpAffine(crop, turn, (side, side), flags=flags, borderMode=cv2.BORDER_CONSTANT))


def _coarse(rng: np.random.Generator, image: Array, mask: Array) -> tuple[Array, Array]:
    """Fewer pixels, the mask's fewer still, as of something small in the frame."""
    side = mask.shape[0]
    small = int(rng.integers(side // 5, side))
    coarse = cv2.resize(image, (small, small), interpolation=cv2.INTER_AREA)
    rough = max(4, small // int(rng.integers(1, 4)))
    outline = cv2.resize(mask, (rough, rough), interpolation=cv2.INTER_AREA)
    return (
        cv2.resize(coarse, (side, side), interpolation=cv2.INTER_LINEAR),
        cv2.resize(outline, (side, side), interpolation=cv2.INTER_LINEAR),
    )


def _wrong(rng: np.random.Generator, mask: Array) -> Array:
    kind, size = int(rng.integers(4)), int(rng.integers(2, 6))
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))
    if kind == 0:
        return np.asarray(cv2.dilate(mask, kernel))
    if kind == 1:
        return np.asarray(cv2.erode(mask, kernel))
    if kind == 2:
        return np.asarray(cv2.GaussianBlur(mask, (0, 0), size / 2))
    holed = mask.copy()
    middle = tuple(int(number) for number in rng.integers(0, mask.shape[0], 2))
    cv2.circle(holed, middle, int(rng.integers(3, mask.shape[0] // 6)), 0, -1)
    return holed


def _cover(rng: np.random.Generator, out: Array) -> None:
    """A plain thing before a part of it: skin is not seen there, and the mask knows."""
    side = out.shape[0]
    x, y = (int(number) for number in rng.integers(0, side, 2))
    w, h = (int(number) for number in rng.integers(side // 8, side // 3, 2))
    out[max(0, y - h) : y + h // 2, max(0, x - w // 2) : x + w // 2, :3] = rng.integers(0, 256, 3)
    out[max(0, y - h) : y + h // 2, max(0, x - w // 2) : x + w // 2, 3] = 0


def _cut(rng: np.random.Generator, out: Array) -> None:
    """Nothing beyond the frame's border."""
    depth = int(rng.integers(1, max(2, round(out.shape[0] * 0.35))))
    turned = np.rot90(out, int(rng.integers(4)))
    turned[:depth] = 0
