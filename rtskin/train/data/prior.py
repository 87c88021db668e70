"""Masks of a moment ago, made from the truth: moved, bent, thicker or thinner, blurred, with parts lost and false ones.

What a network that is given its last mask must learn is when not to believe it, so some samples have none, some the
mask of another picture, and some what the network itself says of a changed view. Moved masks as in MaskTrack
(arXiv 1612.02646), errors as in training with corrupted masks (arXiv 2005.02551).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.train.data.imaging import cv2

if TYPE_CHECKING:
    from rtskin.train.recipe import Prior

Array = np.ndarray[Any, Any]


def priors(seed: tuple[int, int], masks: Array, spec: Prior) -> Array:
    """One for each of the N×H×W uint8 ``masks`` (255 = skin), the same for the same ``seed``; empty ones are all 0."""
    made = []
    for index, mask in enumerate(masks):
        rng = np.random.default_rng([*seed, index, 4])
        kind = rng.random()
        if kind < spec.empty:
            made.append(np.zeros_like(mask))
            continue
        if kind < spec.empty + spec.other:
            mask = masks[(index + 1) % len(masks)]
        made.append(corrupt(rng, mask, spec))
    return np.stack(made)


def corrupt(rng: np.random.Generator, mask: Array, spec: Prior) -> Array:
    """A uint8 H×W mask as it may have been a moment ago."""
    chance = rng.random(5)
    side = max(mask.shape)
    if chance[0] < spec.drop:
        mask = _drop(rng, mask)
    mask = _move(rng, mask, spec)
    if chance[1] < 0.5 and (radius := int(rng.random() * spec.grow * side + 0.5)):
        kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (2 * radius + 1, 2 * radius + 1))
        mask = (cv2.dilate if rng.random() < 0.5 else cv2.erode)(mask, kernel)
    if chance[2] < spec.blobs:
        mask = _blobs(rng, mask)
    if chance[3] < 0.7:
        mask = cv2.GaussianBlur(mask, (0, 0), 0.4 + rng.random() * spec.blur * side)
    if chance[4] < 0.3:
        # A network that is not sure.
        mask = cv2.convertScaleAbs(mask, alpha=rng.uniform(0.5, 1))
    return mask


def _move(rng: np.random.Generator, mask: Array, spec: Prior) -> Array:
    """Shifted, turned, scaled and bent; what comes in from outside is no skin. Small motions are more likely."""
    height, width = mask.shape
    side = max(mask.shape)
    heading, far, turn, zoom, bend = rng.random(5)
    shift = spec.move * side * far**2 * np.array([np.cos(heading * 2 * np.pi), np.sin(heading * 2 * np.pi)])
    angle, scale = spec.degrees * (2 * turn - 1) ** 3, spec.scale ** ((2 * zoom - 1) ** 3)
    matrix = cv2.getRotationMatrix2D((width / 2 - 0.5, height / 2 - 0.5), angle, scale)
    matrix[:, 2] += shift
    if bend < 0.5 or not spec.bend:
        return cv2.warpAffine(mask, matrix, (width, height), flags=cv2.INTER_LINEAR)
    coarse = rng.uniform(-1, 1, (4, 4, 2)).astype(np.float32) * np.float32((2 * bend - 1) * spec.bend * side)
    field = cv2.resize(coarse, (width, height), interpolation=cv2.INTER_CUBIC)
    inverse = cv2.invertAffineTransform(matrix).astype(np.float32)
    x, y = np.meshgrid(np.arange(width, dtype=np.float32), np.arange(height, dtype=np.float32))
    across = inverse[0, 0] * x + inverse[0, 1] * y + inverse[0, 2] + field[..., 0]
    down = inverse[1, 0] * x + inverse[1, 1] * y + inverse[1, 2] + field[..., 1]
    return cv2.remap(mask, across, down, cv2.INTER_LINEAR, borderMode=cv2.BORDER_CONSTANT)


def _drop(rng: np.random.Generator, mask: Array) -> Array:
    """Without some of its connected parts, at least one."""
    count, labels = cv2.connectedComponents((mask > 127).astype(np.uint8))
    if count < 2:
        return mask
    lost = rng.random(count) < 0.4
    lost[0] = False
    lost[1 + rng.integers(count - 1)] = True
    # A little wider than the part, so that its soft contour goes too.
    gone = cv2.dilate(lost[labels].astype(np.uint8), np.ones((5, 5), np.uint8))
    kept: Array = np.where(gone > 0, 0, mask).astype(np.uint8)
    return kept


def _blobs(rng: np.random.Generator, mask: Array) -> Array:
    """With one to three false ellipses."""
    mask = mask.copy()
    height, width = mask.shape
    for _ in range(1 + int(3 * rng.random() ** 2)):
        centre = int(rng.integers(width)), int(rng.integers(height))
        axes = rng.uniform(0.02, 0.15, 2) * max(mask.shape) + 1
        angle, value = float(rng.uniform(0, 180)), float(rng.uniform(100, 255))
        cv2.ellipse(mask, centre, (int(axes[0]), int(axes[1])), angle, 0, 360, value, -1)
    return mask
