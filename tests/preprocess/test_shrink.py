"""Means of squares, against OpenCV's."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.media import cv2
from rtskin.preprocess.shrink import LARGEST, shrink


def noise(height: int, width: int, stride: int | None = None) -> np.ndarray:
    rows = np.random.default_rng(height).integers(0, 256, (height, stride or width), dtype=np.uint8)
    return rows[:, :width]


@pytest.mark.parametrize("by", [1, 2, 3, 5, 8, 30])
@pytest.mark.parametrize("stride", [None, 352])
def test_it_is_the_mean(by: int, stride: int | None) -> None:
    plane = noise(150, 310, stride)
    out = np.empty((150 // by, 310 // by), np.uint8)
    shrink(plane, by, out)
    whole = plane[: out.shape[0] * by, : out.shape[1] * by].astype(np.float64)
    mean = whole.reshape(out.shape[0], by, out.shape[1], by).mean((1, 3))
    assert np.abs(out - mean).max() <= 0.5
    area = cv2.resize(np.ascontiguousarray(whole.astype(np.uint8)), out.shape[::-1], interpolation=cv2.INTER_AREA)
    assert np.abs(out.astype(int) - area).max() <= 1, "a half is rounded up here, to even there"


@pytest.mark.parametrize("value", [0, 255])
def test_the_largest_squares_do_not_overflow(value: int) -> None:
    out = np.empty((1, 2), np.uint8)
    shrink(np.full((LARGEST, 2 * LARGEST), value, np.uint8), LARGEST, out)
    assert (out == value).all()


@pytest.mark.parametrize("plane", [noise(40, 60)[::-1], noise(40, 120)[:, ::2], noise(60, 40).T])
def test_any_view(plane: np.ndarray) -> None:
    out, copied = np.empty((2, 20, 30), np.uint8)
    shrink(plane, 2, out)
    shrink(np.ascontiguousarray(plane), 2, copied)
    assert np.array_equal(out, copied)


def test_what_lies_behind_the_last_row_is_not_read() -> None:
    """The last row of a decoder's plane may end with its pixels."""
    memory = noise(1, 9 * 64 + 40)[0]
    plane = np.lib.stride_tricks.as_strided(memory, (10, 40), (64, 1), writeable=False)
    out, copied = np.empty((2, 5, 20), np.uint8)
    shrink(plane, 2, out)
    shrink(plane.copy(), 2, copied)
    assert np.array_equal(out, copied)
