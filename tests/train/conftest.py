"""Small made-up data: brown discs on noise are skin, noise alone is not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from rtskin.train.data.imaging import cv2
from rtskin.train.recipe import Recipe, parse


def picture(seed: int, size: tuple[int, int] = (96, 72), skin: bool = True) -> tuple[Any, Any]:
    """(BGR picture, mask) of one disc of skin colour on a grey-green ground."""
    rng = np.random.default_rng(seed)
    width, height = size
    image = rng.integers(60, 120, (height, width, 3), np.uint8)
    mask = np.zeros((height, width), np.uint8)
    if skin:
        centre = int(rng.integers(width // 3, 2 * width // 3)), int(rng.integers(height // 3, 2 * height // 3))
        cv2.circle(mask, centre, height // 4, 255, -1)
        image[mask > 0] = (110, 150, 215)
    return image, mask


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """See ``small_data``."""
    return small_data(tmp_path)


def small_data(folder: Path) -> Path:
    """``pairs`` (ten), and ``tree``: six pictures without skin in three repositories."""
    root = folder / "data"
    for folder in ("pairs/images", "pairs/masks", "tree/one", "tree/two", "tree/three"):
        (root / folder).mkdir(parents=True)
    for index in range(10):
        image, mask = picture(index)
        cv2.imwrite(str(root / f"pairs/images/{index:03d}.png"), image)
        cv2.imwrite(str(root / f"pairs/masks/{index:03d}.png"), mask)
    for index in range(6):
        place = root / "tree" / ("one", "two", "three")[index // 2] / f"{index}.jpg"
        cv2.imwrite(str(place), picture(100 + index, skin=False)[0])
    return root


@pytest.fixture
def table() -> dict[str, Any]:
    """See ``small_recipe``."""
    return small_recipe()


def small_recipe() -> dict[str, Any]:
    """A recipe, as TOML gives it, that trains the smallest network on the data above."""
    pairs = {"name": "pairs", "path": "pairs", "kind": "pairs", "weight": 0.7, "ship": True, "terms": "made up"}
    tree = {"name": "tree", "path": "tree", "kind": "skinless", "weight": 0.3, "ship": True, "terms": "made up"}
    return {
        "name": "tiny", "steps": 6, "batch": 3, "size": 64, "threads": 1, "workers": 0, "seed": 3,
        "validate_every": 3, "settle": 0,
        "net": {"options": {"width": 0.25}}, "split": {"folds": 5, "held_out": 1}, "schedule": {"warmup": 2},
        "data": [pairs, tree],
    }  # fmt: skip


@pytest.fixture
def recipe(table: dict[str, Any]) -> Recipe:
    return parse(table)


def parted(table: dict[str, Any], data: Path) -> dict[str, Any]:
    """The recipe with five classes; writes labels/ for ``pairs``: hair above the disc, a bag and something unknown below."""
    (data / "pairs/labels").mkdir(exist_ok=True)
    for path in sorted((data / "pairs/masks").iterdir()):
        mask = cv2.imread(str(path), cv2.IMREAD_GRAYSCALE)
        labels = np.where(mask > 127, 41, 0).astype(np.uint8)
        rows, columns = np.nonzero(mask)
        left, right = columns.min(), columns.max() + 1
        labels[: rows.min(), left:right] = 19
        labels[rows.max() + 1 :, left:right] = 2
        labels[rows.max() + 1 :, right - 4 : right] = 99
        cv2.imwrite(str(data / "pairs/labels" / path.name), labels)
    maps = {"background": [0], "skin": [41], "hair": [19], "background|clothes": [2], "glasses": [17]}
    names = ["background", "skin", "hair", "clothes", "glasses"]
    return {**table, "classes": {"names": names, "maps": {"pairs": maps}}}
