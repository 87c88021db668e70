from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.frame import Frame, SourceInfo, Yuv
from rtskin.media import cv2
from rtskin.preprocess.planar import coefficients, shared_taps
from rtskin.preprocess.taps import taps
from rtskin.preprocess.tensor import LARGE, TensorSpec, ToTensor


def planes(width: int, height: int, across: int, down: int, full: bool = False, matrix: str = "bt709") -> Yuv:
    """Colours that all lie inside of RGB."""
    rng = np.random.default_rng(0)
    size = (-(-height // down), -(-width // across))
    y = rng.integers(90, 140, (height, width), dtype=np.uint8)
    u, v = (rng.integers(118, 138, size, dtype=np.uint8) for _ in range(2))
    return Yuv(y, u, v, matrix, full)


def expected(yuv: Yuv, size: tuple[int, int]) -> Any:
    """Float BGR of every pixel, the chroma repeated, and then cv2's mean over areas."""
    height, width = yuv.y.shape
    down, across = -(-height // yuv.u.shape[0]), -(-width // yuv.u.shape[1])
    u, v = (np.repeat(np.repeat(one, down, 0), across, 1)[:height, :width] for one in (yuv.u, yuv.v))
    whole = np.stack([yuv.y, u, v, np.ones_like(u)], 2).astype(np.float32)
    bgr = whole @ np.array(coefficients(yuv.matrix, yuv.full), np.float32).reshape(3, 4).T
    return cv2.resize(bgr, size, interpolation=cv2.INTER_AREA)


@pytest.mark.parametrize(("across", "down"), [(2, 2), (2, 1), (1, 1), (4, 1)])
@pytest.mark.parametrize("size", [(320, 180), (321, 181), (199, 333)])
def test_as_if_every_pixel_were_converted(across: int, down: int, size: tuple[int, int]) -> None:
    yuv = planes(*size, across, down)
    tensor, content = ToTensor(TensorSpec(((64, 48),), colour="bgr")).of_planes(yuv)
    assert content == (0, 0, 64, 48)
    assert np.abs(tensor[0].transpose(1, 2, 0) - expected(yuv, (64, 48))).max() < 0.01


@pytest.mark.parametrize("full", [False, True])
@pytest.mark.parametrize("matrix", ["bt709", "smpte170m", "bt2020nc"])
def test_grey_is_grey_and_colours_are_cv2s(matrix: str, full: bool) -> None:
    grey = Yuv(np.full((8, 8), 126, np.uint8), *(np.full((4, 4), 128, np.uint8) for _ in range(2)), matrix, full)
    tensor, _ = ToTensor(TensorSpec(((4, 4),))).of_planes(grey)
    assert np.allclose(tensor, 126 if full else (126 - 16) * 255 / 219, atol=0.01)
    if matrix == "smpte170m" and not full:
        colour = np.full((6, 4), 150, np.uint8)
        colour[4] = 110  # I420: the planes one after the other
        colour[5] = 140
        bgr = cv2.cvtColor(colour, cv2.COLOR_YUV2BGR_I420)[0, 0]
        one = Yuv(colour[:4], np.full((2, 2), 110, np.uint8), np.full((2, 2), 140, np.uint8), matrix, full)
        made, _ = ToTensor(TensorSpec(((2, 2),), colour="bgr")).of_planes(one)
        assert np.abs(made[0, :, 0, 0] - bgr).max() <= 1


def test_padding_between_rows_is_not_read() -> None:
    yuv = planes(100, 60, 2, 2)
    padded = [np.full((one.shape[0], one.shape[1] + 28), 255, np.uint8) for one in yuv[:3]]
    for one, plain in zip(padded, yuv[:3], strict=True):
        one[:, : plain.shape[1]] = plain
    cut = Yuv(*(one[:, : plain.shape[1]] for one, plain in zip(padded, yuv[:3], strict=True)), yuv.matrix, yuv.full)
    to_tensor = ToTensor(TensorSpec(((32, 32),), "letterbox", pad=7))
    assert np.array_equal(to_tensor.of_planes(cut)[0], to_tensor.of_planes(yuv)[0])


def test_uint8_is_cut_off_at_both_ends() -> None:
    rng = np.random.default_rng(1)
    y, u, v = (rng.integers(0, 256, (40, 40), dtype=np.uint8) for _ in range(3))
    tensor, _ = ToTensor(TensorSpec(((40, 40),), colour="bgr", dtype="uint8")).of_planes(Yuv(y, u, v, "bt709", False))
    exact = np.stack([y, u, v, np.ones_like(y)], 2).astype(np.float32)
    exact = exact @ np.array(coefficients("bt709", False), np.float32).reshape(3, 4).T
    assert np.abs(tensor[0].transpose(1, 2, 0) - np.clip(exact, 0, 255)).max() <= 0.51
    assert tensor.min() == 0
    assert tensor.max() == 255


@pytest.mark.parametrize(
    ("source", "target", "by"), [(1280, 416, 2), (7, 3, 2), (5, 9, 2), (1, 4, 2), (9, 4, 4), (3, 3, 1)]
)
def test_weights_of_shared_samples(source: int, target: int, by: int) -> None:
    fine, shared = taps(source, target), shared_taps(source, target, by)
    samples = np.random.default_rng(0).random(-(-source // by)).astype(np.float32)
    repeated = np.repeat(samples, by)[:source]
    for index in range(target):
        start, width = int(shared.start[index]), shared.weights.shape[1]
        assert start + width <= len(samples)
        want = fine.weights[index] @ repeated[int(fine.start[index]) :][: fine.weights.shape[1]]
        assert shared.weights[index] @ samples[start : start + width] == pytest.approx(want, abs=1e-5)


class _Planes:
    """A picture that counts how often it is converted."""

    format = "yuv420p"

    def __init__(self, width: int, height: int) -> None:
        self._yuv, self.conversions = planes(width, height, 2, 2), 0
        self.width, self.height = width, height

    def bgr(self) -> Any:
        self.conversions += 1
        return np.zeros((self.height, self.width, 3), np.uint8)

    def luma(self) -> Any:
        return self._yuv.y

    def yuv(self) -> Yuv:
        return self._yuv


@pytest.mark.parametrize("times", [LARGE, LARGE - 1])
def test_only_large_pictures_go_straight_from_their_planes(times: int) -> None:
    picture = _Planes(32 * times, 32)
    ToTensor(TensorSpec(((32, 32),))).of(Frame(0, picture, SourceInfo("made", picture.width, picture.height)))
    assert picture.conversions == (0 if times == LARGE else 1)
