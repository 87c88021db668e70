"""Composed samples: people cut out of their pictures by label maps, several of them, before other backgrounds.

What a mask of the whole person buys: backgrounds whose truth is certain (street photos hide passers-by that nobody
labelled), skin at any size before any ground, and people over people. Copy-paste, arXiv 2012.07177.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.train.data.crops import Crop, Shape, warp
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import Picture

if TYPE_CHECKING:
    from rtskin.train.recipe import Compose

Array = np.ndarray[Any, Any]
#: Image, mask, weight, and perhaps more planes.
Sample = tuple[Array, ...]


@dataclass(frozen=True)
class Subject:
    """What is cut out of a picture: ``inside`` is uint8 H×W, 255 on it; its height when it is pasted (pixels … parts of
    the input's height), and the largest angle by which it is turned."""

    picture: Picture
    inside: Array
    height: tuple[float, float]
    degrees: float


def person(picture: Picture, spec: Compose) -> Subject:
    """The person of a picture with a label map."""
    return Subject(picture, (picture.labels > 0).astype(np.uint8) * 255, spec.height, spec.degrees)


def paste(
    rng: np.random.Generator,
    ground: Sample,
    subjects: Sequence[Subject],
    spec: Compose,
    smooth: bool = True,
    more: Callable[[Picture], Sequence[Array]] = lambda picture: (),
) -> Sample:
    """``ground`` (image, mask, weight …) with each subject pasted over it, one after the other, in new arrays.

    ``more`` gives the planes of a subject's picture that go over the ground's after the weight.
    """
    image, mask, weight, *others = ground
    shape = (mask.shape[1], mask.shape[0])
    for subject in subjects:
        crop = place(rng, subject, shape)
        if crop is None:
            continue
        picture = subject.picture
        planes = (picture.image, picture.mask, subject.inside, *more(picture))
        over, skin, alpha, *theirs = warp(planes, crop, shape, smooth, cv2.BORDER_CONSTANT)
        alpha = feathered(alpha)
        blend = alpha.astype(np.float32)[..., None] * (1 / 255)
        image = np.rint(image + (_lit(rng, over, alpha, image, spec) - image) * blend).astype(np.uint8)
        mask = truth_over(mask, skin, alpha)
        weight = np.maximum(weight, np.where(alpha > 127, 255, 0).astype(np.uint8))
        others = [
            np.rint(ours * (1 - blend) + plane * blend).astype(np.uint8)
            for ours, plane in zip(others, theirs, strict=True)
        ]
    return image, mask, weight, *others


def feathered(alpha: Array) -> Array:
    """uint8 H×W opacity of a cut-out, with a hair's breadth of feather: label maps end in steps that no camera shows.

    Inwards: outside lies the colour of the ground the person was cut from.
    """
    soft = cv2.GaussianBlur(alpha, (0, 0), 0.7)
    return cv2.addWeighted(soft, 2, soft, 0, -255)


def truth_over(mask: Array, skin: Array, alpha: Array) -> Array:
    """The mask (uint8 H×W) below a cut-out whose own skin is ``skin`` and whose opacity ``alpha``."""
    part = alpha.astype(np.float32) * np.float32(1 / 255)
    covered: Array = np.rint(mask * (1 - part) + np.minimum(skin, alpha) * part).astype(np.uint8)
    return covered


def place(rng: np.random.Generator, subject: Subject, shape: Shape) -> Crop | None:
    """The crop of the subject's picture that puts it somewhere into an input of ``shape``; None: there is nobody.

    The subject's height is drawn on a logarithmic scale, larger ones a little more often. Where it does not fit, a pixel of
    skin is somewhere in the picture.
    """
    picture = subject.picture
    scale, mirrored, turn, index = rng.random(), rng.random() < 0.5, rng.uniform(-1, 1), rng.integers(2**31)
    at = rng.random(2) * shape
    rows, columns = (np.nonzero(subject.inside.any(axis=axis))[0] for axis in (1, 0))
    if not len(rows):
        return None
    tall = rows[-1] + 1 - rows[0]
    low, high = np.log(subject.height[0]), np.log(subject.height[1] * shape[1])
    zoom = tall / np.exp(low + scale**0.7 * max(0.0, high - low))  # pixels of the picture a pixel of the input
    width, height = shape[0] * zoom, shape[1] * zoom
    if len(picture.skin) and tall / zoom > 0.8 * shape[1]:
        anchor = picture.skin[index % len(picture.skin)].astype(float)
    else:
        anchor = np.array([(columns[0] + columns[-1]) / 2, (rows[0] + rows[-1]) / 2])
    degrees = float(turn * subject.degrees)
    away = zoom * (at - np.array(shape) / 2) * ((-1 if mirrored else 1), 1)
    cosine, sine = np.cos(np.deg2rad(degrees)), np.sin(np.deg2rad(degrees))
    centre = anchor - np.array([[cosine, -sine], [sine, cosine]]) @ away
    return Crop(float(centre[0]), float(centre[1]), width, height, degrees, mirrored)


def _lit(rng: np.random.Generator, over: Array, alpha: Array, under: Array, spec: Compose) -> Array:
    """The person in light that is a little nearer to the ground's: one factor for all channels, partly."""
    own, other = sum(cv2.mean(over, alpha)[:3]), sum(cv2.mean(under)[:3])
    part = rng.random() * spec.relight
    factor = float(np.clip(((other + 1) / (own + 1)) ** part, 0.5, 1.6))
    lit: Array = np.minimum(over * np.float32(factor), np.float32(255))
    return lit
