"""Masks of key frames where things are in other frames, and what pixels take that the key frame does not show."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.media import cv2
from rtskin.smooth.carry import Carrier, Key
from rtskin.smooth.track import StepFlow

from .test_motion import HEIGHT, WIDTH, scene, texture


def iou(mask: np.ndarray, truth: np.ndarray) -> float:
    found, skin = mask >= mask.dtype.type(128 if mask.dtype == np.uint8 else 0.5), truth >= 0.5
    return float((found & skin).sum() / (found | skin).sum())


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("factor", [0.5, 1, 1.7, 2.5])
def test_a_mask_of_any_size_and_type_follows(factor: float, kind: type) -> None:
    (before, mask), (now, truth) = scene(80, 60), scene(86, 60)
    size = (int(WIDTH * factor), int(HEIGHT * factor))
    scale = 255 if kind is np.uint8 else 1
    mask, truth = (cv2.resize(one, size) for one in (mask, truth))
    key = Key((mask * scale).astype(kind), before)
    moved = Carrier().carried(key, StepFlow()(before, now), now)
    assert moved.dtype == kind
    assert moved.shape == mask.shape
    assert iou(moved, truth) > 0.88
    assert iou(mask, truth) < 0.83


def test_where_nothing_moved_it_is_the_same_mask() -> None:
    picture, mask = scene(80)
    assert Carrier().carried(Key(mask, picture), np.zeros((HEIGHT, WIDTH, 2), np.float32), picture) is mask


def test_what_is_uncovered_takes_the_mask_of_what_it_looks_like() -> None:
    """A square moves by 12 pixels; behind it a wall comes out that is half grey, half white. The mask says 0.2 of grey wall
    and 0.6 of white wall, and so says the mask of what came out; the flow, which drags the square along, says 1."""
    wall = np.full((HEIGHT, WIDTH), 70, np.uint8)
    wall[HEIGHT // 2 :] = 220
    soft = np.where(wall == 70, 0.2, 0.6).astype(np.float32)
    pictures, masks = [], []
    for left in (80, 92):
        picture, mask = wall.copy(), soft.copy()
        picture[50:94, left : left + 40] = texture(2)[:44, :40] // 2 + 90
        mask[50:94, left : left + 40] = 1
        pictures.append(picture)
        masks.append(mask)
    # Worst: everything is said to have moved with the square.
    flow = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    flow[45:99, 70:140, 0] = -12
    carrier, key = Carrier(), Key(masks[0], pictures[0])
    flow[54:90, 80:90, 0] = 6  # what came out is said to be of the square
    assert carrier.moved(key, flow, pictures[1]).data[54:90, 81:86].min() > 0.9
    carried = carrier.carried(key, flow, pictures[1])
    assert np.abs(carried[54:70, 81:86] - 0.2).mean() < 0.08
    assert np.abs(carried[74:90, 81:86] - 0.6).mean() < 0.08
    assert iou(carried, (masks[1] >= 0.9).astype(np.float32) + (masks[1] == np.float32(0.6))) > 0.85


def test_where_nothing_around_is_known_it_takes_what_the_flow_says() -> None:
    """All looks different: the picture tells nothing."""
    picture, mask = np.full((HEIGHT, WIDTH), 40, np.uint8), scene(80)[1]
    now = (np.indices((HEIGHT, WIDTH)).sum(axis=0) % 2 * 255).astype(np.uint8)
    carrier, flow = Carrier(), np.zeros((HEIGHT, WIDTH, 2), np.float32)
    assert (carrier.moved(Key(mask, picture), flow, now).unlike > 0).all()
    assert np.array_equal(carrier.carried(Key(mask, picture), flow, now), mask)


@pytest.mark.parametrize("gain", [0.6, 1.4])
def test_exposure_is_no_unlikeness(gain: float) -> None:
    picture, mask = scene(80)
    now = np.clip(picture * gain, 0, 255).astype(np.uint8)
    moved = Carrier().moved(Key(mask, picture), np.zeros((HEIGHT, WIDTH, 2), np.float32), now)
    assert (moved.unlike > 0).mean() < 0.01


def test_of_two_key_frames_the_nearer_weighs_more_and_the_one_that_shows_it_all() -> None:
    """The later key frame says 0.8, the earlier 0.2; on the left the earlier one shows something else, on the right the
    later one."""
    now = texture()
    before, after = now.copy(), now.copy()
    before[:, :60] = 255 - before[:, :60]
    after[:, -60:] = 255 - after[:, -60:]
    still = np.zeros((HEIGHT, WIDTH, 2), np.float32)
    for kind, scale in ((np.float32, 1), (np.uint8, 255)):
        carrier = Carrier()
        sides = [
            carrier.moved(Key(np.full((72, 128), value * scale).astype(kind), small), still, now)
            for value, small in ((0.2, before), (0.8, after))
        ]
        mixed = carrier.between(sides[0], sides[1], 0.75, now) / scale
        assert mixed[:, 40:80] == pytest.approx(0.25 * 0.2 + 0.75 * 0.8, abs=0.005)
        assert mixed[:, :20].mean() == pytest.approx(0.8, abs=0.03)
        assert mixed[:, -20:].mean() == pytest.approx(0.2, abs=0.06)
