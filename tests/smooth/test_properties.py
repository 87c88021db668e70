"""What holds for every temporal filter, by frame after frame of made masks and pictures."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.frame import BgrPicture, Frame, Scores, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.registry import SMOOTHERS
from rtskin.smooth.node import Smooth

METHODS = ["ema", "adaptive", "flow", "prior"]
RANDOM = np.random.default_rng(3)
SCENES = [cv2.resize(RANDOM.integers(0, 255, (9, 16, 3)).astype(np.uint8), (160, 90)) for _ in range(2)]


def frame(pixels: np.ndarray, noise: float = 0.0, ms: int | None = None) -> Frame:
    if noise:
        pixels = np.clip(pixels + RANDOM.normal(0, noise, pixels.shape), 0, 255).astype(np.uint8)
    return Frame(0, BgrPicture(pixels), SourceInfo("made", 160, 90), ms, Fraction(1, 1000))


def noisy(kind: type = np.float32, shape: tuple[int, int] = (24, 40)) -> np.ndarray:
    mask = RANDOM.random(shape).astype(np.float32)
    return mask if kind is np.float32 else (mask * 255).astype(np.uint8)


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("method", METHODS)
def test_a_constant_converges_to_itself(method: str, kind: type) -> None:
    """From anywhere, within five seconds, under a camera's noise."""
    smoother, constant = SMOOTHERS.get(method)(), noisy(kind)
    smoother.apply(noisy(kind), None, frame(SCENES[0]))
    for _ in range(150):
        result = smoother.apply(constant, 1 / 30, frame(SCENES[0], noise=3))
    one = 1 if kind is np.uint8 else 1 / 255
    assert np.abs(result.astype(float) - constant).max() <= one
    still = SMOOTHERS.get(method)()
    for _ in range(3):
        assert np.array_equal(still.apply(constant, 1 / 30, frame(SCENES[0])), constant)


@pytest.mark.parametrize("method", METHODS)
def test_a_cut_forgets_everything(method: str) -> None:
    node = Smooth(method="flow" if method == "prior" else method)
    node.open(Context())
    for number in range(10):
        node.process(Scores(frame(SCENES[0], 2, number * 33), np.ones((24, 40), np.float32), "a"))
    after = noisy()
    assert np.array_equal(node.process(Scores(frame(SCENES[1], 2, 330), after, "a")).data, after)
    assert node.counters()["resets"] == 1


@pytest.mark.parametrize("seconds", [0.1, 0.3])
@pytest.mark.parametrize("method", METHODS)
def test_15_and_60_frames_a_second_behave_alike(method: str, seconds: float) -> None:
    """A small step is answered over time, not over frames: equally far, within a hundredth of the step, at either rate."""
    reached = []
    for rate in (20, 60):
        smoother = SMOOTHERS.get(method)()
        smoother.apply(np.full((4, 4), 0.2, np.float32), None, frame(SCENES[0]))
        for _ in range(round(seconds * rate)):
            result = smoother.apply(np.full((4, 4), 0.1, np.float32), 1 / rate, frame(SCENES[0]))
        reached.append(float(result[0, 0]))
    assert 0.1 < reached[0] < 0.2
    assert reached[0] == pytest.approx(reached[1], abs=0.003)


@pytest.mark.parametrize("kind", [np.float32, np.uint8])
@pytest.mark.parametrize("method", METHODS)
def test_it_stays_between_what_came(method: str, kind: type) -> None:
    """Whatever moves, cuts and flickers: an average is never outside what was averaged."""
    smoother = SMOOTHERS.get(method)(1.0)
    for number in range(60):
        picture = np.roll(SCENES[number // 20 % 2], number * 3, axis=1)
        mask = (noisy(kind) * 0.5).astype(kind)
        result = smoother.apply(mask, RANDOM.random() / 10, frame(picture, noise=5))
        assert result.dtype == kind
        assert result.min() >= 0
        assert result.max() <= (128 if kind is np.uint8 else 0.5)


@pytest.mark.parametrize("method", METHODS)
def test_nan_heals(method: str) -> None:
    smoother, bad, good = SMOOTHERS.get(method)(), noisy(), noisy()
    bad[5:9, 7:20] = np.nan
    for number in range(3):
        smoother.apply(bad, 1 / 30, frame(np.roll(SCENES[0], 4 * number, axis=1)))
    for number in range(3, 60):
        result = smoother.apply(good, 1 / 30, frame(np.roll(SCENES[0], 4 * number, axis=1)))
    assert np.isfinite(result).all()


@pytest.mark.slow
@pytest.mark.timeout(600)
def test_memory_stays_flat() -> None:
    """12,000 small frames with cuts, motion and changing sizes through the node."""
    if not Path("/proc/self/statm").exists():
        pytest.skip("needs Linux: /proc says how much memory is in use")
    node = Smooth(method="flow")
    node.open(Context())
    pictures = [np.ascontiguousarray(np.roll(scene[:18, :32], 2 * n, axis=1)) for scene in SCENES for n in range(20)]
    masks = [noisy(shape=shape) for shape in ((18, 32), (18, 32), (32, 18))]
    taken = []
    for number in range(12_000):
        if number in (4_000, 11_999):
            taken.append(int(Path("/proc/self/statm").read_text().split()[1]) * 4)
        node.process(Scores(frame(pictures[number // 3 % 40], 0, number * 33), masks[number // 500 % 3], "a"))
    assert taken[1] - taken[0] < 4_000  # kB
    assert int(node.counters()["resets"]) > 23
