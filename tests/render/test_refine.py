"""Scores become masks at the frame's size."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import U8, BgrPicture, Frame, Scores, SourceInfo
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render.luma import luma_of
from rtskin.render.refine import Refine, Refiner

from .conftest import make_frame, picture


def iou(mask: U8, truth: U8) -> float:
    a, b = mask >= 128, truth >= 128
    return float((a & b).sum() / max(1, (a | b).sum()))


def small(mask: U8, size: int) -> Any:
    return cv2.resize((mask / 255).astype(np.float32), (size, size), interpolation=cv2.INTER_AREA)


def hand(width: int = 640, height: int = 480) -> tuple[U8, U8]:
    """A bright shape with thin fingers on a dark, noisy ground: (picture, its mask)."""
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (width // 2, height * 2 // 3), height // 6, 255, -1)
    for x in range(-2, 3):
        tip = (width // 2 + x * height // 8, height // 5 + abs(x) * 12)
        cv2.line(mask, (width // 2 + x * height // 16, height * 2 // 3), tip, 255, height // 30)
    noise = np.random.default_rng(0).integers(-6, 7, (height, width, 1))
    image = np.where(mask[..., None] > 0, (150, 170, 220), (70, 60, 50)) + noise
    return np.clip(image, 0, 255).astype(np.uint8), mask


@pytest.mark.parametrize("size", [64, 128])
def test_guided_finds_the_edges_that_linear_lost(size: int) -> None:
    image, mask = hand()
    scores = Scores(make_frame(image), small(mask, size))
    guided, linear = (iou(Refiner(method)(scores).data, mask) for method in ("guided", "linear"))
    assert guided > linear + 0.005


def test_guided_is_better_on_real_photographs(shared: Path) -> None:
    folder = shared / "data/ccp"
    gains = []
    for path in sorted((folder / "images").iterdir())[::60]:
        image, mask = (
            cv2.imread(str(path)),
            cv2.imread(str(folder / "masks" / f"{path.stem}.png"), cv2.IMREAD_GRAYSCALE),
        )
        blurred = cv2.GaussianBlur(small(mask, 256), (0, 0), 1.5)
        for scores in (small(mask, 64), blurred):
            packet = Scores(make_frame(image), scores)
            gains.append(iou(Refiner()(packet).data, mask) - iou(Refiner("linear")(packet).data, mask))
    assert np.mean(gains) > 0.003


@pytest.mark.parametrize("method", ["guided", "linear"])
@pytest.mark.parametrize(("value", "expected"), [(0.0, 0), (1.0, 255), (0.5, 128)])
def test_flat_scores_stay_flat_on_any_picture(method: Any, value: float, expected: int) -> None:
    image = np.random.default_rng(1).integers(0, 256, (217, 331, 3), dtype=np.uint8)
    mask = Refiner(method)(Scores(make_frame(image), np.full((64, 64), value, np.float32)))
    assert mask.data.dtype == np.uint8
    assert mask.data.shape == (217, 331)
    assert np.all(mask.data == expected)


@pytest.mark.parametrize("method", ["guided", "linear"])
def test_nothing_leaks_away_from_the_edge(method: Any) -> None:
    image = np.random.default_rng(1).integers(0, 256, (256, 256, 3), dtype=np.uint8)
    scores = np.zeros((64, 64), np.float32)
    scores[16:48, 16:48] = 1
    mask = Refiner(method)(Scores(make_frame(image), scores)).data
    assert np.all(mask[76:180, 76:180] == 255)
    away = mask.copy()
    away[52:204, 52:204] = 0
    assert not away.any()


def test_weak_scores_are_not_stretched() -> None:
    scores = np.zeros((32, 32), np.float32)
    scores[8:24, 8:24] = 0.1
    assert Refiner("linear")(Scores(make_frame(picture(128, 128)), scores)).data.max() == 26
    assert Refiner()(Scores(make_frame(picture(128, 128)), scores)).data.max() < 60


@pytest.mark.parametrize("method", ["guided", "linear"])
@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (4000, 2), (7, 5), (256, 256), (300, 200)])
@pytest.mark.parametrize("grid", [(256, 256), (1, 1), (9, 16)])
def test_any_size(method: Any, size: tuple[int, int], grid: tuple[int, int]) -> None:
    frame = make_frame(picture(*size))
    for scores in (np.ones(grid, np.float32), np.full(grid, 255, np.uint8)):
        mask = Refiner(method)(Scores(frame, scores, "m"))
        assert mask.data.shape == size[::-1]
        assert np.all(mask.data == 255)
        assert (mask.frame, mask.model) == (frame, "m")


def test_scores_at_the_frames_size_are_the_mask() -> None:
    frame = make_frame(picture(64, 48))
    data = np.random.default_rng(0).integers(0, 256, (48, 64), dtype=np.uint8)
    assert Refiner()(Scores(frame, data)).data is data
    assert np.array_equal(Refiner()(Scores(frame, (data / 255).astype(np.float32))).data, data)


def test_scores_outside_their_range_are_cut_off() -> None:
    mask = Refiner("linear")(Scores(make_frame(), np.array([[-3, 7]], np.float32))).data
    assert (mask.min(), mask.max()) == (0, 255)


class Planar(BgrPicture):
    """A picture that offers its first plane."""

    plane: U8 | None = None

    def luma(self) -> U8 | None:
        return self.plane


def planar(plane: U8 | None) -> Frame:
    frame = make_frame(hand(320, 240)[0])
    frame.picture = Planar(frame.bgr)
    object.__setattr__(frame.picture, "plane", plane)
    return frame


def test_the_luma_plane_is_used_as_it_is_padding_and_all() -> None:
    padded = np.zeros((240, 384), np.uint8)
    padded[:, :320] = cv2.cvtColor(hand(320, 240)[0], cv2.COLOR_BGR2GRAY)
    padded.flags.writeable = False
    scores = small(hand(320, 240)[1], 64)
    frame = planar(padded[:, :320])
    assert luma_of(frame, Refiner()._pool).base is padded
    expected = Refiner()(Scores(make_frame(hand(320, 240)[0]), scores)).data
    assert np.array_equal(Refiner()(Scores(frame, scores)).data, expected)


def test_without_a_plane_the_picture_is_converted() -> None:
    frame = planar(None)
    assert np.array_equal(luma_of(frame, Refiner()._pool), cv2.cvtColor(frame.bgr, cv2.COLOR_BGR2GRAY))


def test_nothing_large_is_allocated_once_warm() -> None:
    import tracemalloc

    refiner, scores = Refiner(), Scores(make_frame(picture(640, 480)), small(hand()[1], 128))
    for _ in range(3):
        refiner(scores)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(5):
            refiner(scores)
        peak = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert peak < 10_000


def test_masks_that_are_kept_stay_distinct() -> None:
    refiner = Refiner("linear")
    masks = [
        refiner(Scores(make_frame(picture(32, 32)), np.full((8, 8), value / 10, np.float32))) for value in range(11)
    ]
    assert [int(mask.data[0, 0]) for mask in masks] == [round(value * 25.5 + 1e-6) for value in range(11)]


def test_the_node_takes_options_and_refuses_wrong_ones() -> None:
    node = Refine(method="linear")
    node.open(Context())
    assert np.all(node.process(Scores(make_frame(), np.ones((4, 4), np.float32))).data == 255)
    for wrong in ({"method": "bilinear"}, {"radius": 0}, {"eps": 0}, {"radios": 2}):
        with pytest.raises(InputError):
            Refine(**wrong)
    assert SourceInfo("x", 1, 1).frames is None
