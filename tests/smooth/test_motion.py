"""Flow, what is lost in it, and masks moved by it; the filter that uses both."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.media import cv2
from rtskin.smooth.adaptive import Adaptive
from rtskin.smooth.base import NoSmoother, Smoother
from rtskin.smooth.change import Reference
from rtskin.smooth.ema import Ema
from rtskin.smooth.flow import Flow
from rtskin.smooth.motion import FlowField, Mover
from rtskin.smooth.tone import ToneMatch, median_difference

WIDTH, HEIGHT = 256, 144


def texture(seed: int = 1) -> np.ndarray:
    coarse = np.random.default_rng(seed).integers(30, 220, (36, 64)).astype(np.uint8)
    return cv2.resize(coarse, (WIDTH, HEIGHT), interpolation=cv2.INTER_CUBIC)


def scene(left: int, size: int = 40) -> tuple[np.ndarray, np.ndarray]:
    """A textured square at ``left`` before a textured wall, and its mask: uint8, float32."""
    picture, mask = texture(1).copy(), np.zeros((HEIGHT, WIDTH), np.float32)
    picture[50 : 50 + size, left : left + size] = texture(2)[:size, :size]
    mask[50 : 50 + size, left : left + size] = 1
    return picture, mask


def frame(small: np.ndarray) -> Frame:
    pixels = np.repeat(small[:, :, None], 3, axis=2)
    return Frame(0, BgrPicture(pixels), SourceInfo("made", WIDTH, HEIGHT))


@pytest.mark.parametrize("finely", [False, True])
@pytest.mark.parametrize("shift", [1, 4, 9])
def test_the_flow_leads_back(shift: int, finely: bool) -> None:
    motion = FlowField(finely)(texture(), np.roll(texture(), shift, axis=1))
    middle = motion.flow[30:-30, 30:-30]
    assert not motion.still
    assert np.abs(middle - (-shift, 0)).mean() < 0.2
    assert (motion.lost[30:-30, 30:-30] > 0).mean() < 0.02


def test_planes_of_one_size_move_together() -> None:
    (before, mask), (now, _) = scene(80), scene(86)
    motion, move = FlowField()(before, now), Mover()
    planes = [mask.copy(), before.astype(np.float32)]
    expected = [np.array(move(plane, motion)) for plane in planes]
    move.in_place(motion, *planes)
    for plane, moved in zip(planes, expected, strict=True):
        assert np.array_equal(plane, moved)
    assert not np.array_equal(planes[0], mask)


def test_a_difference_that_is_known_is_not_asked_for_again() -> None:
    before, now = texture(), np.clip(texture() * 0.8, 0, 255).astype(np.uint8)
    match = ToneMatch()
    matched = match(before, now)
    assert not np.array_equal(matched, before)
    assert np.array_equal(match(before, now, median_difference(before, now)), matched)
    assert match(before, now, 0.0) is before


def test_what_is_uncovered_is_lost() -> None:
    (before, _), (now, _) = scene(80), scene(92)
    lost = FlowField()(before, now).lost[55:85]
    assert (lost[:, 82:90] > 0).mean() > 0.5
    assert (lost[:, 150:] > 0).mean() < 0.02


def test_a_still_picture_moves_nothing() -> None:
    noise = np.random.default_rng(0).normal(0, 1.0, (2, HEIGHT, WIDTH))
    first, second = (np.clip(texture() + one, 0, 255).astype(np.uint8) for one in noise)
    motion = FlowField()(first, second)
    assert np.abs(motion.flow).max() < 0.6
    assert (motion.flow != 0).mean() < 0.05
    mask = scene(80)[1]
    assert Mover()(mask, FlowField()(first, first)) is mask


@pytest.mark.parametrize("size", [(3, 5), (15, 200), (16, 16), (1, 1)])
def test_any_size(size: tuple[int, int]) -> None:
    picture = np.zeros(size, np.uint8)
    motion = FlowField()(picture, picture)
    assert motion.flow.shape == (*size, 2)
    assert motion.still


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("factor", [0.5, 1, 2.5])
def test_a_mask_of_any_size_rides_along(factor: float, kind: type) -> None:
    (before, mask), (now, truth) = scene(80), scene(86)
    size = (int(WIDTH * factor), int(HEIGHT * factor))
    scale = 255 if kind is np.uint8 else 1
    mask, truth = ((cv2.resize(one, size) * scale).astype(kind) for one in (mask, truth))
    moved = Mover()(mask, FlowField()(before, now))
    assert moved.dtype == kind
    assert moved.shape == mask.shape
    far = np.abs(mask.astype(float) - truth).sum()
    assert np.abs(moved.astype(float) - truth).sum() < 0.65 * far


def error(smoother: Smoother, step: int) -> tuple[float, float]:
    """(mean |mask − truth|, how much more than nothing is behind the square) while it moves ``step`` pixels a frame.

    The network says 0.8 in the square and 0.2 around it, and trembles.
    """
    random = np.random.default_rng(5)
    errors, trails = [], []
    for number in range(14):
        left = 40 + step * number
        picture, truth = scene(left)
        truth = np.float32(0.2) + np.float32(0.6) * truth
        given = (truth + random.normal(0, 0.06, truth.shape)).astype(np.float32)
        result = smoother.apply(given, 1 / 30, frame(picture))
        if number > 4:
            errors.append(float(np.abs(result - truth).mean()))
            trails.append(float(result[55:85, left - 2 * step : left - step].mean()) - 0.2)
    return float(np.mean(errors)), float(np.mean(trails))


@pytest.mark.parametrize("step", [2, 5])
def test_it_averages_along_the_motion_and_leaves_no_trail(step: int) -> None:
    (none, _), (flow, behind), (adaptive, beside) = (error(one, step) for one in (NoSmoother(), Flow(), Adaptive()))
    assert flow < 0.6 * none
    assert adaptive < 0.6 * none
    # Less than LOW is left: what is nearer to its new value is averaged.
    assert behind < 0.09
    assert beside < 0.09
    assert error(Ema(), step)[1] > 0.2  # the usual average does trail


def shown(reference: Reference, now: np.ndarray, floor: float = 0.2) -> np.ndarray:
    """What changed, of a picture that is averaged into the reference afterwards."""
    changed = reference.changed(now)
    reference.shares(now, 1 / 30, floor, changed)
    return changed


@pytest.mark.parametrize("gain", [0.5, 0.8, 1.3, 1.9])
def test_exposure_is_no_motion(gain: float) -> None:
    """Also where the whites burn out."""
    reference, now = Reference(), np.clip(texture() * gain, 0, 255).astype(np.uint8)
    reference.begin(texture())
    reference.expose(now)
    assert (reference.changed(now) > 127).mean() < 0.02
    bare = Reference()
    bare.begin(texture())
    assert (bare.changed(now) > 127).mean() > 0.5


def test_noise_is_no_change_and_motion_is() -> None:
    random, reference = np.random.default_rng(0), Reference()
    reference.begin(texture())
    for _ in range(10):
        noisy = np.clip(texture() + random.normal(0, 2, (HEIGHT, WIDTH)), 0, 255).astype(np.uint8)
        still = shown(reference, noisy)
    assert (still > 127).mean() < 0.002
    moved = reference.changed(scene(100)[0])[55:85, 105:135]
    assert (moved > 127).mean() > 0.8


def test_what_creeps_is_seen() -> None:
    """A fifth of a pixel a frame is less than any one frame shows."""
    reference = Reference()
    large = cv2.resize(texture(), None, fx=5, fy=5, interpolation=cv2.INTER_CUBIC)
    pictures = [cv2.resize(np.roll(large, n, axis=1), (WIDTH, HEIGHT), interpolation=cv2.INTER_AREA) for n in range(30)]
    reference.begin(pictures[0])
    assert (shown(reference, pictures[1], 0.05) > 0).mean() < 0.01
    seen = [(shown(reference, now, 0.05) > 0).mean() for now in pictures[2:]]
    assert max(seen) > 0.2


def test_a_thing_that_moves_does_not_bend_the_tone() -> None:
    (before, _), (now, _) = scene(60), scene(100)
    matched = ToneMatch()(before, now)
    assert np.abs(matched.astype(int) - before).mean() < 4
