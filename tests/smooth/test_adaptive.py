"""The adaptive filter on made masks: what trembles is averaged, what moves is followed."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import BgrPicture, Frame, SourceInfo
from rtskin.registry import SMOOTHERS
from rtskin.smooth.adaptive import Adaptive
from rtskin.smooth.base import NoSmoother

SIZE = 128
FRAME = Frame(0, BgrPicture(np.zeros((4, 4, 3), np.uint8)), SourceInfo("made", 4, 4))


def disc(center: float, edge: float = 3.0, radius: float = 24.0) -> np.ndarray:
    """A soft disc: float32 SIZE×SIZE, 0 … 1, its edge ``edge`` pixels wide."""
    y, x = np.mgrid[:SIZE, :SIZE]
    return np.clip((radius - np.hypot(x - center, y - SIZE / 2)) / edge + 0.5, 0, 1).astype(np.float32)


def trembling(clean: np.ndarray, noise: float = 0.05) -> np.ndarray:
    random = np.random.default_rng(7)
    return np.clip(clean + random.normal(0, noise, clean.shape), 0, 1).astype(np.float32)


def pictured(clean: np.ndarray) -> Frame:
    """A frame that shows something bright where the mask is."""
    grey = (60 + 120 * clean).astype(np.uint8)
    return Frame(0, BgrPicture(np.repeat(grey[:, :, None], 3, axis=2)), SourceInfo("made", *grey.shape[::-1]))


def smoothed(
    masks: np.ndarray, dt: float = 1 / 30, strength: float = 0.5, clean: np.ndarray | None = None
) -> np.ndarray:
    """clean: what the pictures show; without, they stand still."""
    smoother = Adaptive(strength)
    frames = [FRAME] * len(masks) if clean is None else [pictured(one) for one in clean]
    return np.stack([smoother.apply(mask, dt, frame) for mask, frame in zip(masks, frames, strict=True)])


def flicker(masks: np.ndarray) -> float:
    return float(np.abs(np.diff(masks.astype(np.float32), axis=0)).mean())


def iou(a: np.ndarray, b: np.ndarray) -> float:
    return float(((a > 0.5) & (b > 0.5)).sum() / ((a > 0.5) | (b > 0.5)).sum())


def test_trembling_falls_by_a_factor_of_four_or_more() -> None:
    masks = trembling(np.stack([disc(64)] * 40))
    settled = smoothed(masks)[10:]
    assert flicker(masks[10:]) / flicker(settled) > 4


@pytest.mark.parametrize("speed", [1, 3, 8])
def test_a_moving_trembling_disc_keeps_its_place(speed: int) -> None:
    clean = np.stack([disc(30 + speed * step) for step in range(8)])
    masks = trembling(clean)
    results = smoothed(masks, clean=clean)
    for truth, mask, result in zip(clean[1:], masks[1:], results[1:], strict=True):
        assert iou(result, truth) > iou(mask, truth) - 0.03
        assert iou(result, truth) > 0.96


def test_a_moved_edge_is_followed_in_the_same_frame() -> None:
    before, after = (np.float32(1) * (disc(center) > 0.5) for center in (30, 70))
    masks = np.stack([before, after])
    assert np.array_equal(smoothed(masks, clean=masks)[1] > 0.5, after > 0.5)
    assert np.abs(smoothed(masks, clean=masks)[1] - after).max() < 0.01


def test_a_soft_edge_leaves_no_trail() -> None:
    before, after = disc(30), disc(70)
    masks = np.stack([before, after, after])
    second, third = smoothed(masks, clean=masks)[1:]
    assert np.array_equal(second > 0.5, after > 0.5)
    assert np.abs(third - after).max() < 0.12
    assert np.abs(third - after).sum() < 0.01 * np.abs(after - before).sum()


@pytest.mark.parametrize("target", [0.0, 1.0])
def test_the_state_reaches_the_ends_exactly(target: float) -> None:
    smoother = Adaptive()
    smoother.apply(np.full((4, 4), 0.5, np.float32), None, FRAME)
    for near in (0.45, 0.55):
        smoother.apply(np.full((4, 4), near, np.float32), 1 / 60, FRAME)
    smoother.apply(np.full((4, 4), abs(target - 0.1), np.float32), 1 / 60, FRAME)
    for _ in range(200):
        result = smoother.apply(np.full((4, 4), target, np.float32), 1 / 60, FRAME)
    assert (result == target).all()


@pytest.mark.parametrize("value", [0, 255])
def test_uint8_does_not_stick_one_grey_level_away(value: int) -> None:
    smoother = Adaptive()
    smoother.apply(np.full((4, 4), abs(value - 25), np.uint8), None, FRAME)
    for _ in range(120):
        result = smoother.apply(np.full((4, 4), value, np.uint8), 1 / 60, FRAME)
    assert result.dtype == np.uint8
    assert (result == value).all()


def test_a_network_that_flips_in_a_still_picture_is_averaged() -> None:
    """0.8, 0.2, 0.8 … where nothing moves: the mask goes to the middle of it."""
    masks = np.full((40, 4, 4), 0.8, np.float32)
    masks[1::2] = 0.2
    assert flicker(smoothed(masks)[20:]) < 0.25 * flicker(masks)


def test_a_guess_is_averaged_longer() -> None:
    def step(low: float) -> float:
        masks = np.stack([np.full((4, 4), low, np.float32), np.full((4, 4), low + 0.1, np.float32)])
        return float(smoothed(masks)[1, 0, 0] - low)

    assert step(0.45) < 0.6 * step(0.9)


def test_uint8_and_float32_agree() -> None:
    eight = (trembling(np.stack([disc(30 + 2 * step) for step in range(6)])) * 255).round().astype(np.uint8)
    of_eight = smoothed(eight)
    of_float = smoothed((eight / np.float32(255)).astype(np.float32))
    assert np.abs(of_eight / 255 - of_float).max() <= 0.51 / 255


def test_all_grey_levels_pass_unchanged_through_a_fresh_state() -> None:
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    assert np.array_equal(Adaptive().apply(ramp, None, FRAME), ramp)


def test_input_is_kept_and_results_are_distinct() -> None:
    masks = trembling(np.stack([disc(64)] * 3))
    copies = masks.copy()
    smoother = Adaptive()
    results = [smoother.apply(mask, 1 / 30, FRAME) for mask in masks]
    kept = [result.copy() for result in results]
    for _ in range(20):
        smoother.apply(masks[0], 1 / 30, FRAME)
    assert np.array_equal(masks, copies)
    assert all(np.array_equal(result, copy) for result, copy in zip(results, kept, strict=True))


def test_strided_input_is_taken() -> None:
    wide = trembling(np.stack([np.tile(disc(64), (1, 2))] * 3))
    np.testing.assert_array_equal(smoothed(wide[:, :, ::2]), smoothed(np.ascontiguousarray(wide[:, :, ::2])))


def test_reset_forgets() -> None:
    smoother = Adaptive()
    smoother.apply(np.full((2, 2), 0.5, np.float32), None, FRAME)
    smoother.reset()
    new = np.full((2, 2), 0.55, np.float32)
    assert np.array_equal(smoother.apply(new, 1 / 30, FRAME), new)


def test_another_size_starts_afresh() -> None:
    smoother = Adaptive()
    smoother.apply(np.full((2, 2), 0.5, np.float32), None, FRAME)
    new = np.full((3, 5), 0.55, np.float32)
    assert np.array_equal(smoother.apply(new, 1 / 30, FRAME), new)


def test_nan_heals_with_the_next_mask() -> None:
    smoother = Adaptive()
    good = np.full((2, 9), 0.5, np.float32)
    smoother.apply(good, None, FRAME)
    smoother.apply(np.full((2, 9), np.nan, np.float32), 1 / 30, FRAME)
    assert np.array_equal(smoother.apply(good, 1 / 30, FRAME), good)


def test_zero_strength_changes_nothing() -> None:
    masks = trembling(np.stack([disc(64)] * 4))
    assert np.array_equal(smoothed(masks, strength=0), masks)


@pytest.mark.parametrize("strength", [-0.1, 1.1, float("nan")])
def test_a_strength_out_of_range_is_refused(strength: float) -> None:
    with pytest.raises(InputError, match="it goes from 0"):
        Adaptive(strength)


def test_another_dtype_is_refused() -> None:
    with pytest.raises(InputError, match="not float64"):
        Adaptive().apply(np.zeros((2, 2)), None, FRAME)  # type: ignore[arg-type]


def test_two_streams_in_two_threads_do_not_mix() -> None:
    masks = trembling(np.stack([disc(40 + step) for step in range(12)]))
    expected, results = smoothed(masks), {}

    def work(key: int) -> None:
        results[key] = smoothed(masks)

    threads = [threading.Thread(target=work, args=(key,)) for key in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert all(np.array_equal(results[key], expected) for key in range(2))


def test_none_gives_the_mask_back_as_it_came() -> None:
    data = disc(64)
    assert NoSmoother().apply(data, 1 / 30, FRAME) is data


def test_they_are_registered() -> None:
    assert SMOOTHERS.get("none") is NoSmoother
    assert SMOOTHERS.get("adaptive") is Adaptive
    assert SMOOTHERS.names() == ["adaptive", "ema", "flow", "none", "prior"]
