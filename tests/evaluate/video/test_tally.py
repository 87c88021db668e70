"""A motion clip's figures, on masks made of its own truth."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.evaluate.motion import MotionClip
from rtskin.evaluate.video.tally import MotionTally, RealTally
from rtskin.evaluate.video.warping import Motion
from rtskin.media import cv2


def figures(clip: MotionClip, mask):  # type: ignore[no-untyped-def]
    tally = MotionTally(clip)
    for number in range(clip.frames):
        tally.add(mask(number))
    return tally.figures()


def test_the_truth_itself_is_perfect(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip = clip_of("fast", 40)
    found = figures(clip, clip.truth)
    assert found["iou"] == 1
    assert found["dtssd"] == found["flicker"] == 0
    assert found["trail"] == pytest.approx(0, abs=0.02)  # the truth is soft by less than a pixel
    assert found["delay"] == pytest.approx(0, abs=0.03)
    assert found["messddt"] == pytest.approx(0, abs=1e-9)


def test_a_mask_two_frames_late(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip = clip_of("fast", 40)
    found = figures(clip, lambda number: clip.truth(max(0, number - 2)))
    assert found["delay"] == pytest.approx(2, abs=0.1)
    assert found["trail"] > 0.5
    assert found["iou"] < 0.95
    assert found["dtssd"] > 1


def test_a_trembling_mask(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip = clip_of("still", 10)
    found = figures(clip, lambda number: cv2.subtract(clip.truth(number), 51 * (number % 2)))
    share = float((clip.truth(0) > 0).mean())
    assert found["flicker"] == pytest.approx(1000 * 0.2 * share, rel=0.05)
    assert found["jitter"] > 5
    assert found["trail"] is None
    assert found["delay"] is None
    assert found["iou"] > 0.95


def test_a_mask_of_something_else_is_neither_early_nor_late(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip = clip_of("fast", 40)
    # Moves as the skin does, but is as far below it as the skin is high.
    found = figures(clip, lambda number: np.roll(clip.truth(number), 60, axis=0))
    assert found["iou"] < 0.3
    assert found["delay"] is None


def test_an_empty_mask_is_steady_and_no_good(clip_of) -> None:  # type: ignore[no-untyped-def]
    clip = clip_of("slow", 10)
    found = figures(clip, lambda number: np.zeros_like(clip.truth(number)))
    assert (found["iou"], found["flicker"], found["trail"], found["area"]) == (0, 0, 0, 0)
    assert found["jitter"] is None
    assert found["delay"] is None


def test_a_real_clip_is_told_by_its_motion() -> None:
    still = Motion(np.zeros((9, 16, 2), np.float16), np.ones((9, 16), bool))
    tally = RealTally(lambda number: still)
    for number in range(5):
        tally.add(np.full((90, 160), 51 * (number % 2), np.uint8))
    found = tally.figures()
    assert found["warping"] == pytest.approx(1000 * 0.04)
    assert found["area"] == pytest.approx(100 * 0.2 * 2 / 5)
    assert found["jitter"] > 100
