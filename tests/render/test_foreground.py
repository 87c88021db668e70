"""The foreground's own colours: what was mixed is known, so what comes out can be compared."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.render.foreground import own_colors


def mixed(height: int = 160, width: int = 220) -> tuple[U8, U8, U8]:
    """A disc of one colour and shading before another, its soft mask, and the disc's colours everywhere."""
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2, height // 2), height // 3, 255, -1)
    mask = cv2.GaussianBlur(mask, (0, 0), 4)
    front = np.zeros((height, width, 3), np.uint8)
    front[:] = (120, 150, 220)
    front[..., 1] += np.linspace(0, 40, width).astype(np.uint8)
    behind = np.full((height, width, 3), (60, 200, 20), np.uint8)
    alpha = mask[..., None] / 255
    return np.rint(front * alpha + behind * (1 - alpha)).astype(np.uint8), mask, front


def test_the_edge_has_the_colour_of_what_is_in_front() -> None:
    picture, mask, front = mixed()
    found = own_colors(picture, mask)
    edge = (mask > 12) & (mask < 243)
    before, after = (np.abs(one[edge].astype(int) - front[edge]).mean() for one in (picture, found))
    assert before > 40
    assert after < before / 6


def test_what_is_whole_stays_and_what_is_far_is_gone() -> None:
    picture, mask, _ = mixed()
    wide = np.pad(picture, ((200, 200), (0, 0), (0, 0)), mode="edge")
    found = own_colors(wide, np.pad(mask, ((200, 200), (0, 0))))
    inside = found[200:-200]
    assert np.array_equal(inside[mask == 255], picture[mask == 255])
    assert not found[:120].any()
    assert not found[-120:].any()
    # Bands meet without a step: the same as all at once in a picture whose bands end elsewhere.
    moved = own_colors(np.roll(wide, 60, axis=0), np.roll(np.pad(mask, ((200, 200), (0, 0))), 60, axis=0))
    assert np.array_equal(moved[260 : 260 + len(mask)], inside)


@pytest.mark.parametrize(("value", "same"), [(0, False), (255, True)])
def test_nothing_and_all(value: int, same: bool) -> None:
    picture = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    found = own_colors(picture, np.full((30, 40), value, np.uint8))
    assert np.array_equal(found, picture) is same
    assert bool(found.any()) is same


def test_one_pixel() -> None:
    assert own_colors(np.full((1, 1, 3), 9, np.uint8), np.full((1, 1), 128, np.uint8)).tolist() == [[[9, 9, 9]]]


def test_sixteen_bits() -> None:
    picture, mask, _ = mixed()
    found = own_colors(picture * np.uint16(257), mask * np.uint16(257))
    assert found.dtype == np.uint16
    assert np.abs(found / 257 - own_colors(picture, mask)).max() < 1.01
