"""Things in the colours of skin: what teaches a network that colour alone is not enough.

One thing of a sample that is no skin (what has about the colour of a pixel drawn at random: a shirt, a wall, a fruit) takes
the mean colour of the skin beside it, or, where there is none, a colour that skin has somewhere in the world. Its texture
and its shading stay, and so does the mask.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from rtskin.train.data.imaging import cv2

Array = np.ndarray[Any, Any]

#: Skin in CIE Lab, from the darkest to the lightest: lightness, chroma, and hue angle in degrees. About the ranges of
#: spectrophotometric surveys of skin, and wider, because pictures have casts.
_LIGHTNESS, _CHROMA, _HUE = (28.0, 78.0), (10.0, 32.0), (30.0, 72.0)
#: Distance in Lab, its lightness halved, within which pixels belong to the same thing.
_NEAR = (10.0, 30.0)
#: Least pixels of skin whose mean is a colour.
_ENOUGH = 40
#: Mask values above this are skin, and what is beside them may be.
_SKIN = 20


def disguise(rng: np.random.Generator, image: Array, mask: Array) -> Array:
    """``image`` (uint8 H×W×3 BGR) with one thing outside ``mask`` (uint8 H×W) in skin's colour; a new array.

    A picture that is all skin comes back as it is.
    """
    skin = cv2.dilate(mask, np.ones((5, 5), np.uint8)) > _SKIN
    free = np.flatnonzero(~skin)
    if not len(free):
        return image
    lab = cv2.cvtColor(image.astype(np.float32) * np.float32(1 / 255), cv2.COLOR_BGR2Lab)
    part = _thing(lab, int(free[rng.integers(len(free))]), rng.uniform(*_NEAR)) * ~skin
    part = np.minimum(cv2.GaussianBlur(part, (0, 0), 1.0), np.where(skin, 0, 1).astype(np.float32))
    toned = lab + part[..., None] * _change(rng, lab, part, _tone(rng, lab, mask))
    changed: Array = cv2.cvtColor(toned, cv2.COLOR_Lab2BGR)
    return np.rint(np.clip(changed, 0, 1) * 255).astype(np.uint8)


def _thing(lab: Array, seed: int, near: float) -> Array:
    """float32 H×W: 1 where the colour is about that of pixel ``seed``, falling to 0."""
    smooth = cv2.GaussianBlur(lab, (0, 0), 1.5)
    away = (smooth - smooth.reshape(-1, 3)[seed]) * np.array([0.5, 1, 1], np.float32)
    distance = np.sqrt(np.einsum("hwc,hwc->hw", away, away))
    thing: Array = np.clip(2 - distance / near, 0, 1).astype(np.float32)
    return thing


def _tone(rng: np.random.Generator, lab: Array, mask: Array) -> Array:
    """The mean colour of the skin in the picture, or one that skin may have; a little beside it."""
    own = mask > 200
    if own.sum() >= _ENOUGH:
        tone = lab[own].mean(axis=0)
    else:
        chroma, hue = rng.uniform(*_CHROMA), np.deg2rad(rng.uniform(*_HUE))
        tone = np.array([rng.uniform(*_LIGHTNESS), chroma * np.cos(hue), chroma * np.sin(hue)])
    beside: Array = tone + rng.normal(size=3) * (5, 2, 2)
    return beside


def _change(rng: np.random.Generator, lab: Array, part: Array, tone: Array) -> Array:
    """What to add in Lab: the colour comes to ``tone`` with a rest of its own variation, the lightness partly."""
    mean = np.array(cv2.mean(lab, (part > 0.5).astype(np.uint8))[:3])
    flat, lighter = rng.uniform(0.3, 1.0), rng.uniform(0, 1)
    change = (tone - mean).astype(np.float32) * np.array([lighter, 1, 1], np.float32)
    flattened: Array = change - (lab - mean.astype(np.float32)) * np.array([0, flat, flat], np.float32)
    return flattened
