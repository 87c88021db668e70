"""A person, a hand and backgrounds, drawn for each test: skin has the colour that the ellipse takes for skin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.motion import MotionClip, motion_clips, subjects_of
from rtskin.media import cv2

#: BGR.
SKIN, SHIRT, WALL = (120, 150, 205), (150, 60, 30), (140, 110, 60)
SIZE = (320, 192)


@pytest.fixture
def people(tmp_path: Path) -> Path:
    """Two pictures of somebody with a face and a shirt, and label maps."""
    folder = tmp_path / "people"
    for part in ("images", "masks", "labels"):
        (folder / part).mkdir(parents=True)
    for number in range(2):
        image = np.full((240, 160, 3), WALL, np.uint8)
        mask, labels = np.zeros((240, 160), np.uint8), np.zeros((240, 160), np.uint8)
        cv2.rectangle(image, (40, 90), (120, 230), SHIRT, -1)
        cv2.rectangle(labels, (40, 90), (120, 230), 38, -1)
        for plane, value in ((image, SKIN), (mask, 255), (labels, 41)):
            cv2.ellipse(plane, (80, 50), (24 + 4 * number, 36), 0, 0, 360, value, -1)
        for part, plane in (("images", image), ("masks", mask), ("labels", labels)):
            cv2.imwrite(str(folder / part / f"p{number}.png"), plane)
    return folder


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    """One picture of a forearm; no label maps."""
    folder = tmp_path / "hands"
    image, mask = np.full((200, 120, 3), WALL, np.uint8), np.zeros((200, 120), np.uint8)
    for part, plane, value in (("images", image, SKIN), ("masks", mask, 255)):
        (folder / part).mkdir(parents=True)
        cv2.rectangle(plane, (40, 30), (80, 199), value, -1)
        cv2.imwrite(str(folder / part / "h.png"), plane)
    return folder


@pytest.fixture
def walls(tmp_path: Path) -> Path:
    """Four textured pictures in which nothing is skin."""
    folder = tmp_path / "walls"
    folder.mkdir()
    for number in range(4):
        rng = np.random.default_rng(number)
        coarse = rng.integers(0, 120, (9, 16, 1), np.uint8) + np.array([90, 60, 20], np.uint8)
        cv2.imwrite(str(folder / f"w{number}.png"), cv2.resize(coarse, SIZE, interpolation=cv2.INTER_CUBIC))
    return folder


@pytest.fixture
def clip_of(people: Path, hands: Path, walls: Path):  # type: ignore[no-untyped-def]
    """A small motion clip of a kind."""

    def make(kind: str, frames: int = 24, seed: int = 0) -> MotionClip:
        subjects = [subjects_of(load_pairs(people)), subjects_of(load_pairs(hands))]
        return motion_clips(subjects, load_skinless(walls), 1, frames=frames, size=SIZE, seed=seed, kinds=[kind])[0]

    return make
