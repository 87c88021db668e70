"""What pictures are told apart by when the figures of a set are broken down."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from rtskin.evaluate.datasets import Item
from rtskin.evaluate.metrics import HALF
from rtskin.frame import U8
from rtskin.infer.cards import Card
from rtskin.infer.sizes import Size, shapes_for
from rtskin.media import cv2
from rtskin.preprocess.fit import choose, fit

#: (picture, its image, its truth) → a number; None where it has none.
Measure = Callable[[Item, U8, U8], float | None]

#: Names that ``--by`` takes.
TRAITS = ("scale", "luminance", "brightness")
#: Borders of the groups of scale, in pixels of the network's input.
SCALES = (16.0, 32.0, 64.0, 128.0)


@dataclass(frozen=True)
class Trait:
    """A number that each picture has. title: what it is, with its unit.

    edges: borders of the groups, a value on one belonging above it; None: thirds of the pictures that are reported
    together.
    """

    name: str
    title: str
    measure: Measure
    edges: tuple[float, ...] | None = None


def trait(name: str, card: Card, size: Size = "live") -> Trait:
    """One of :data:`TRAITS`. card, size: of the model at whose input subjects are measured."""
    if name == "scale":
        title = f"side of the largest area of skin (the root of its pixels) at the input of {card.name}, in pixels"
        return Trait(name, title, _scale(card, size), SCALES)
    if name == "luminance":
        return Trait(name, "mean luma of the truth's skin, 0 … 255", skin_luminance)
    if name == "brightness":
        return Trait(name, "mean luma of the picture, 0 … 255", brightness)
    raise ValueError(name)


def skin_luminance(item: Item, image: U8, truth: U8) -> float | None:
    """Mean luma (BT.601) of the pixels that are skin, 0 … 255; None without any."""
    skin = truth >= HALF
    return float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)[skin].mean()) if skin.any() else None


def brightness(item: Item, image: U8, truth: U8) -> float:
    """Mean luma (BT.601) of the whole picture, 0 … 255."""
    return float(cv2.cvtColor(image, cv2.COLOR_BGR2GRAY).mean())


def input_size(card: Card, size: Size, width: int, height: int) -> tuple[int, int]:
    """Pixels (width, height) that a picture fills in the network's input; its own where a method has no input."""
    if card.input is None:
        return width, height
    _, _, *inside = fit(card.input.fit, (width, height), choose(shapes_for(card.input, size), (width, height)))
    return inside[0], inside[1]


def _scale(card: Card, size: Size) -> Measure:
    def measure(item: Item, image: U8, truth: U8) -> float | None:
        skin = (truth >= HALF).view(np.uint8)
        if not skin.any():
            return None
        height, width = truth.shape
        inside = input_size(card, size, width, height)
        areas = cv2.connectedComponentsWithStats(skin, connectivity=8)[2][1:, cv2.CC_STAT_AREA]
        return math.sqrt(int(areas.max()) * inside[0] / width * inside[1] / height)

    return measure
