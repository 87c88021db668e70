"""The warping error of masks on pictures whose motion is known."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest

from rtskin.evaluate.video.warping import Motion, MotionFinder, visible, warping_error
from rtskin.media import cv2

SHAPE = (180, 320)


def texture() -> np.ndarray:
    """Uint8 180×400×3, smooth enough to be followed."""
    rough = np.random.default_rng(0).integers(0, 256, (45, 100, 3), np.uint8)
    return cv2.resize(rough, (400, 180), interpolation=cv2.INTER_CUBIC)


def disc(left: int, value: int = 255) -> np.ndarray:
    mask = np.zeros(SHAPE, np.uint8)
    cv2.circle(mask, (left, 90), 40, value, -1)
    return cv2.GaussianBlur(mask, (0, 0), 2)


def still() -> Motion:
    return Motion(np.zeros((*SHAPE, 2), np.float16), np.ones(SHAPE, bool))


def test_a_mask_that_moves_with_the_picture_has_none() -> None:
    wide = texture()
    find = MotionFinder()
    pictures = [np.ascontiguousarray(wide[:, start : start + 320]) for start in (40, 36, 32, 28)]  # moves right by 4
    motions = [motion for motion in map(find, pictures) if motion is not None]
    assert len(motions) == 3
    assert np.median(motions[0].flow[..., 0]) == pytest.approx(4, abs=0.1)
    masks = [disc(100 + 4 * number) for number in range(4)]
    errors = [warping_error(*pair, motion) for pair, motion in zip(pairwise(masks), motions, strict=True)]
    stays = warping_error(masks[0], masks[0], motions[0])
    assert stays is not None
    assert all(error is not None and error < 0.02 * stays for error in errors)


def test_a_mask_that_trembles_on_a_still_picture_has_its_mean_square() -> None:
    low, high = np.full(SHAPE, 100, np.uint8), np.full(SHAPE, 151, np.uint8)
    assert warping_error(low, high, still()) == pytest.approx(1000 * 0.2**2)
    assert warping_error(low, low, still()) == 0


def test_what_is_occluded_does_not_count() -> None:
    motion = still()
    motion.seen[:, :100] = False
    mask = np.zeros(SHAPE, np.uint8)
    after = mask.copy()
    after[:, :90] = 255
    assert warping_error(mask, after, motion) == 0
    assert warping_error(mask, after, Motion(motion.flow, np.zeros(SHAPE, bool))) is None


def test_flow_that_does_not_lead_back_is_not_seen() -> None:
    forth = np.full((*SHAPE, 2), 0, np.float32)
    forth[..., 0] = 3
    back = -forth
    assert visible(forth, back)[:, :-4].all()
    back[60:120, 100:200, 0] = 8
    seen = visible(forth, back)
    assert not seen[70:110, 110:190].any()
    assert seen[:40].mean() > 0.95
