"""How late a mask is."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.evaluate.video.delay import centroid, delay


def path(times: np.ndarray) -> np.ndarray:
    """A subject that sways, by up to 12 pixels a frame."""
    return np.stack([300 + 80 * np.sin(times / 6), 200 + 20 * np.cos(times / 4)], axis=1)


TIMES = np.arange(48.0)


@pytest.mark.parametrize("late", [0.0, 0.5, 1.0, 2.0, 3.25, -1.0])
def test_a_delayed_path(late: float) -> None:
    assert delay(path(TIMES - late), path(TIMES)) == pytest.approx(late, abs=0.04)


def test_an_offset_or_false_skin_that_stands_still_is_no_delay() -> None:
    late = 0.7 * path(TIMES - 2) + 0.3 * np.array([500.0, 10.0])
    assert delay(late, path(TIMES)) == pytest.approx(2, abs=0.04)


def test_noise_is_borne() -> None:
    noise = np.random.default_rng(0).normal(0, 3, (48, 2))
    assert delay(path(TIMES - 2) + noise, path(TIMES)) == pytest.approx(2, abs=0.2)


def test_frames_without_a_mask_are_left_out() -> None:
    masks = path(TIMES - 2)
    masks[10:13] = np.nan
    assert delay(masks, path(TIMES)) == pytest.approx(2, abs=0.04)


def test_what_cannot_be_told() -> None:
    still, straight = np.full((48, 2), 100.0), np.stack([3 * TIMES, TIMES], axis=1)
    assert delay(path(TIMES), still) is None
    assert delay(straight - 6, straight) is None  # two frames late, or six pixels off?
    assert delay(path(TIMES)[:5], path(TIMES)[:5]) is None
    noise = np.random.default_rng(1).normal(0, 20, (48, 2))
    assert delay(300 + noise, path(TIMES)) is None  # follows nothing


def test_centroid() -> None:
    mask = np.zeros((40, 60), np.uint8)
    mask[10:20, 30:41] = 200
    assert centroid(mask) == (35, 14.5)
    mask[0, 0] = 255
    assert centroid(mask, (slice(5, 40), slice(5, 60))) == (35, 14.5)
    assert centroid(np.zeros((4, 4), np.uint8)) is None
