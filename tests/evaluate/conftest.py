"""Small sets of pictures, written for each test."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.media import cv2

#: Writes a set: name → mask (uint8 H×W); the image shows the mask in red, so that a fake model can see it.
Write = Callable[[Path, dict[str, np.ndarray]], Path]


@pytest.fixture
def write_set() -> Write:
    def write(folder: Path, masks: dict[str, np.ndarray]) -> Path:
        for part in ("images", "masks"):
            (folder / part).mkdir(parents=True, exist_ok=True)
        for name, mask in masks.items():
            image = np.zeros((*mask.shape, 3), np.uint8)
            image[:, :, 2] = mask
            cv2.imwrite(str(folder / "images" / f"{name}.png"), image)
            cv2.imwrite(str(folder / "masks" / f"{name}.png"), mask)
        return folder

    return write


def square(side: int, size: int = 20) -> np.ndarray:
    """A mask of ``size``×``size`` with ``side``×``side`` of skin in its corner."""
    mask = np.zeros((size, size), np.uint8)
    mask[:side, :side] = 255
    return mask


def sees(image: np.ndarray) -> np.ndarray:
    """A model that is always right: skin is red."""
    return np.ascontiguousarray(image[:, :, 2])


def blind(image: np.ndarray) -> np.ndarray:
    """A model that finds nothing."""
    return np.zeros(image.shape[:2], np.uint8)


def greedy(image: np.ndarray) -> np.ndarray:
    """A model to which everything is skin."""
    return np.full(image.shape[:2], 255, np.uint8)
