"""Photometric changes: what cameras and codecs do to skin. All on uint8 pictures of the network's size, in place of none.

Everything that acts on single pixels is one table look-up a channel, everything that mixes channels one 3×3 matrix, so
that a sample costs about a millisecond.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.train.data.imaging import cv2
from rtskin.train.light import webcam

if TYPE_CHECKING:
    from rtskin.train.recipe import Augment

Array = np.ndarray[Any, Any]

_RAMP = np.linspace(0, 1, 256)
#: Luma of BGR (BT.601).
_LUMA = np.array([0.114, 0.587, 0.299])


def photometric(rng: np.random.Generator, image: Array, spec: Augment) -> Array:
    """A changed uint8 H×W×3 BGR picture; each kind of change happens with its share in ``spec``."""
    chance = rng.random(8)
    if chance[0] < spec.blur:
        image = _blur(rng, image)
    if chance[1] < spec.colour:
        image = _mix(image, _colour_matrix(rng, spec))
    elif chance[1] > 1 - spec.grey:
        image = _mix(image, np.tile(_LUMA, (3, 1)))
    elif chance[1] > 1 - spec.grey - spec.any_hue:
        image = _mix(image, _colour_matrix(rng, spec, 180))
    if chance[6] < spec.vignette:
        image = _vignette(rng, image)
    dark = chance[2] < spec.low_light
    if dark or chance[3] < spec.tone:
        image = cv2.LUT(image, _tone_table(rng, spec, dark))
    if dark or chance[4] < spec.noise:
        image = _noise(rng, image, 20 if dark else 12)
    # Draws of its own, so that the others are what they were before these changes were known.
    own = rng.spawn(1)[0]
    image = webcam.sensed(own, image, spec)
    if own.random() < spec.h264:
        image = webcam.h264(own, image)
    if chance[5] < spec.jpeg:
        quality = int(rng.integers(25, 92))
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
        image = np.asarray(cv2.imdecode(coded, cv2.IMREAD_COLOR))
    return image


def _tone_table(rng: np.random.Generator, spec: Augment, dark: bool) -> Array:
    """256×1×3 uint8: gamma, contrast, brightness and white balance, and a dark exposure, in one table."""
    gamma, contrast, brightness = rng.uniform(-1, 1, 3)
    ramp = _RAMP ** np.exp(gamma * spec.gamma)
    ramp = (ramp - 0.5) * np.exp(contrast * spec.contrast) + 0.5 + brightness * spec.brightness * 0.6
    if dark:
        ramp = np.clip(ramp, 0, 1) * rng.uniform(0.25, 0.6)
    gains = np.exp(rng.uniform(-1, 1, 3) * spec.white_balance)
    # A cast from blue to orange is what lamps do; green stays.
    gains[0] *= np.exp(-0.5 * (warm := rng.normal() * spec.white_balance))
    gains[2] *= np.exp(0.5 * warm)
    kind = rng.random(2)
    if kind[0] < spec.cast:
        # A lamp, a sunset, a screen: mostly warm, sometimes cold, a little green or magenta.
        lean = (0.1 + 0.25 * abs(rng.normal())) * (1 if rng.random() < 0.75 else -1)
        gains *= np.exp([-lean, 0.06 * rng.normal(), 0.6 * lean])
    if kind[1] < spec.over_exposure and not dark:
        ramp = ramp * rng.uniform(1.25, 2.0)
    table: Array = np.clip(np.outer(ramp, gains) * 255 + 0.5, 0, 255).astype(np.uint8)[:, None]
    return table


def _colour_matrix(rng: np.random.Generator, spec: Augment, hue: float | None = None) -> Array:
    """3×3 on BGR: saturation about the luma, and a rotation about the grey axis (hue)."""
    saturation = np.exp(rng.uniform(-1, 1) * spec.saturation)
    angle = np.deg2rad(rng.uniform(-1, 1) * (spec.hue_degrees if hue is None else hue))
    third, root = (1 - np.cos(angle)) / 3, np.sin(angle) / np.sqrt(3)
    turn = np.full((3, 3), third) + np.diag([np.cos(angle)] * 3)
    turn += root * np.array([[0, -1, 1], [1, 0, -1], [-1, 1, 0]])
    grey = np.tile(_LUMA, (3, 1))
    mixed: Array = (grey + saturation * (np.eye(3) - grey)) @ turn
    return mixed


def _mix(image: Array, matrix: Array) -> Array:
    mixed: Array = cv2.transform(image, matrix.astype(np.float32))
    return mixed


def _vignette(rng: np.random.Generator, image: Array) -> Array:
    """Darker towards the corners, as small lenses are."""
    height, width = image.shape[:2]
    depth, middle = rng.uniform(0.2, 0.6), rng.uniform(0.4, 0.6, 2)
    x, y = (np.linspace(-1, 1, length, dtype=np.float32) for length in (width, height))
    away = (x[None] + 1 - 2 * middle[0]) ** 2 + (y[:, None] + 1 - 2 * middle[1]) ** 2
    shade = (1 - depth * np.minimum(away / 2, 1)).astype(np.float32)
    shaded: Array = (image * shade[..., None]).astype(np.uint8)
    return shaded


def _blur(rng: np.random.Generator, image: Array) -> Array:
    """Out of focus, moving, or enlarged from a smaller picture."""
    kind, strength, angle = rng.random(3)
    if kind < 0.4:
        return cv2.GaussianBlur(image, (0, 0), 0.4 + 1.8 * strength)
    if kind < 0.65:
        return cv2.filter2D(image, -1, _streak(3 + int(13 * strength**1.5), angle * np.pi))
    height, width = image.shape[:2]
    small = cv2.resize(image, None, fx=1 - 0.7 * strength, fy=1 - 0.7 * strength, interpolation=cv2.INTER_AREA)
    return cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def _streak(length: int, angle: float) -> Array:
    size = length | 1
    kernel = np.zeros((size, size), np.float32)
    middle, reach = size // 2, size / 2 * np.array([np.cos(angle), np.sin(angle)])
    one, two = np.rint(middle - reach).astype(int), np.rint(middle + reach).astype(int)
    cv2.line(kernel, one.tolist(), two.tolist(), 1.0)
    normalised: Array = kernel / kernel.sum()
    return normalised


def _noise(rng: np.random.Generator, image: Array, most: float) -> Array:
    """Sensor noise, half of the time as coarse as a codec leaves it."""
    height, width = image.shape[:2]
    coarse = rng.random() < 0.5
    shape = (height // 2, width // 2, 3) if coarse else (height, width, 3)
    noise = rng.standard_normal(shape, np.float32) * rng.uniform(1, most)
    if coarse:
        noise = cv2.resize(noise, (width, height), interpolation=cv2.INTER_LINEAR)
    return cv2.add(image, noise, dtype=cv2.CV_8U)
