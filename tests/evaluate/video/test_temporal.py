"""Metrics from frame to frame, on masks whose figures are known."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.evaluate.video.temporal import band_of, dtssd, flicker, messddt, near, trail

SHAPE = (720, 720)


def box(left: int, width: int = 200, value: int = 255) -> np.ndarray:
    """Skin from ``left`` on, 200 rows."""
    mask = np.zeros(SHAPE, np.uint8)
    mask[200:400, left : left + width] = value
    return mask


def empty() -> np.ndarray:
    return np.zeros(SHAPE, np.uint8)


def test_a_mask_that_changes_as_the_truth_does_has_no_dtssd() -> None:
    assert dtssd(box(110), box(100), box(110), box(100)) == 0
    # A constant fault is no fault over time.
    assert dtssd(box(300), box(300), box(100), box(100)) == 0


def test_dtssd_is_the_root_of_the_mean_square() -> None:
    half = np.full(SHAPE, 51, np.uint8)
    assert dtssd(half, empty(), empty(), empty()) == pytest.approx(100 * 0.2)
    part = np.zeros(SHAPE, np.uint8)
    part[:180] = 255  # a quarter of the pixels by 1
    assert dtssd(part, empty(), empty(), empty()) == pytest.approx(100 * 0.5)


def test_messddt_follows_the_motion() -> None:
    flow = np.zeros((*SHAPE, 2), np.float32)
    flow[..., 0] = 10
    truth, after = box(100), box(110)
    hole, moved = truth.copy(), after.copy()
    hole[250:300, 150:200] = 0
    moved[250:300, 160:210] = 0
    assert messddt(hole, moved, truth, after, flow) == pytest.approx(0, abs=1e-6)
    # The same hole that stays where it was in the picture is another part of the subject each time.
    stays = after.copy()
    stays[250:300, 150:200] = 0
    kept = 720 * 710  # what does not leave on the right
    assert messddt(hole, stays, truth, after, flow) == pytest.approx(1000 * 2 * 10 * 50 / kept, rel=1e-3)
    assert messddt(truth, after, truth, after, np.full((*SHAPE, 2), 5000, np.float32)) is None


def test_the_flicker_of_a_trembling_mask_is_its_amplitude() -> None:
    truth = box(100)
    low, high = np.full(SHAPE, 100, np.uint8), np.full(SHAPE, 117, np.uint8)
    over, under = flicker(high, low, truth, truth)
    assert over / under == pytest.approx(17 / 255)
    assert under == 720 * 720


def test_flicker_looks_away_from_edges_that_move() -> None:
    before, truth = box(100), box(110)
    assert flicker(truth, before, truth, before)[0] == 0
    # Just beside the edge a mask may change, farther away it may not.
    beside, away = before.copy(), before.copy()
    beside[200:400, 92:100] = 99
    away[600:700] = 255
    assert flicker(beside, before, truth, before)[0] == 0
    assert flicker(away, before, truth, before)[0] == 100 * 720


def test_trail_is_what_stays_in_the_band_just_left() -> None:
    before, truth = box(100), box(124)  # 24 pixels to the right
    over, under = trail(truth, truth, [before])
    assert over == 0
    # Ten of the twenty-four columns, the edges' ends included.
    assert under == 10 * 200
    ghost = np.maximum(truth, box(100, 24, 128))
    over, under = trail(ghost, truth, [before])
    assert over / under == pytest.approx(128 / 255)
    # False skin where no skin was is no trail.
    far = np.maximum(truth, box(500, 100))
    assert trail(far, truth, [before])[0] == 0


def test_what_was_left_some_frames_ago_counts_while_it_is_near() -> None:
    earlier = [box(100), box(102), box(104)]
    assert trail(box(106), box(106), earlier)[1] == 6 * 200
    assert trail(box(100), box(100), [box(100)]) == (0.0, 0)
    assert trail(empty(), empty(), [box(100)]) == (0.0, 0)


def test_the_band_grows_with_the_picture() -> None:
    assert band_of(np.zeros((720, 1280), np.uint8)) == 10
    assert band_of(np.zeros((360, 640), np.uint8)) == 5
    assert not near(np.zeros((4, 4), np.uint8), 3).any()
