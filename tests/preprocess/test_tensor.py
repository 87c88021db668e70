from __future__ import annotations

import threading
import tracemalloc
from typing import Any

import numpy as np
import pytest

from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.preprocess.tensor import TensorSpec, ToTensor

MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def picture(width: int, height: int, seed: int = 0) -> U8:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def resized(image: U8, size: tuple[int, int]) -> np.ndarray[Any, Any]:
    """What cv2 makes of it: area where both sides shrink, linear where both grow."""
    shrinks = image.shape[1] >= size[0] and image.shape[0] >= size[1]
    method = cv2.INTER_AREA if shrinks else cv2.INTER_LINEAR
    return cv2.resize(image.astype(np.float32), size, interpolation=method)


@pytest.mark.parametrize("size", [(1280, 720), (257, 256), (256, 256), (64, 48), (1, 1), (511, 300)])
def test_equal_to_cv2(size: tuple[int, int]) -> None:
    image = picture(*size)
    tensor, content = ToTensor(TensorSpec(((256, 256),), colour="bgr"))(image)
    assert tensor.shape == (1, 3, 256, 256)
    assert tensor.dtype == np.float32
    assert content == (0, 0, 256, 256)
    assert np.abs(tensor[0].transpose(1, 2, 0) - resized(image, (256, 256))).max() < 1e-3


@pytest.mark.parametrize("colour", ["rgb", "bgr"])
def test_normalisation_in_the_order_of_the_card(colour: Any) -> None:
    image = picture(90, 70)
    spec = TensorSpec(((32, 24),), colour=colour, scale=1 / 255, mean=MEAN, std=STD)
    tensor, _ = ToTensor(spec)(image)
    expected = resized(image, (32, 24)) / 255
    if colour == "rgb":
        expected = expected[..., ::-1]
    expected = (expected - np.array(MEAN)) / np.array(STD)
    assert np.abs(tensor[0].transpose(1, 2, 0) - expected).max() < 1e-4


def test_letterbox_pads_with_the_normalised_colour() -> None:
    image = picture(64, 32)
    spec = TensorSpec(((64, 64),), "letterbox", scale=1 / 255, mean=MEAN, std=STD, pad=114)
    tensor, (x, y, w, h) = ToTensor(spec)(image)
    assert (x, y, w, h) == (0, 16, 64, 32)
    pad = (114 / 255 - np.array(MEAN)) / np.array(STD)
    assert np.allclose(tensor[0, :, :16], pad[:, None, None], atol=1e-5)
    assert np.allclose(tensor[0, :, 48:], pad[:, None, None], atol=1e-5)
    inside = (image[..., ::-1] / 255 - np.array(MEAN)) / np.array(STD)
    assert np.allclose(tensor[0, :, 16:48].transpose(1, 2, 0), inside, atol=1e-5)


@pytest.mark.parametrize("size", [(2, 4000), (4000, 2), (1, 1), (1, 300)])
def test_extreme_sizes(size: tuple[int, int]) -> None:
    white = np.full((size[1], size[0], 3), 255, np.uint8)
    for fit in ("stretch", "letterbox"):
        tensor, (x, y, w, h) = ToTensor(TensorSpec(((48, 40),), fit, pad=7))(white)  # type: ignore[arg-type]
        assert np.allclose(tensor[0, :, y : y + h, x : x + w], 255, atol=1e-3)
        outside = np.ones((40, 48), bool)
        outside[y : y + h, x : x + w] = False
        assert (tensor[0][:, outside] == 7).all()


def test_uint8_is_rounded() -> None:
    image = picture(640, 360)
    tensor, _ = ToTensor(TensorSpec(((64, 64),), colour="bgr", dtype="uint8"))(image)
    assert tensor.dtype == np.uint8
    off = np.abs(tensor[0].transpose(1, 2, 0) - resized(image, (64, 64)))
    assert off.max() <= 0.501
    white, _ = ToTensor(TensorSpec(((64, 64),), dtype="uint8"))(np.full((37, 91, 3), 255, np.uint8))
    assert (white == 255).all()


def test_a_view_into_a_larger_picture() -> None:
    large = picture(100, 80)
    part = large[10:60, 5:95:2]
    tensor, _ = ToTensor(TensorSpec(((20, 20),)))(part)
    again, _ = ToTensor(TensorSpec(((20, 20),)))(part.copy())
    assert np.array_equal(tensor, again)


def test_tensors_stay_their_holders() -> None:
    to_tensor = ToTensor(TensorSpec(((16, 16),)))
    kept = [to_tensor(np.full((20, 30, 3), value, np.uint8))[0] for value in range(40)]
    assert all(np.allclose(tensor, value, atol=1e-3) for value, tensor in enumerate(kept))


def test_threads_do_not_disturb_each_other() -> None:
    to_tensor = ToTensor(TensorSpec(((64, 64),)))
    images = [picture(320, 240, seed) for seed in range(4)]
    expected = [to_tensor(image)[0].copy() for image in images]
    wrong: list[int] = []

    def work(index: int) -> None:
        for _ in range(50):
            if not np.array_equal(to_tensor(images[index])[0], expected[index]):
                wrong.append(index)

    threads = [threading.Thread(target=work, args=(index,)) for index in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert wrong == []


def test_nothing_large_is_allocated_once_warm() -> None:
    to_tensor, image = ToTensor(TensorSpec(((256, 256),), "letterbox")), picture(640, 360)
    for _ in range(3):
        to_tensor(image)
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(5):
            to_tensor(image)
        grown = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert grown < 8192  # the tensor alone is 768 kB


@pytest.mark.parametrize("fit", ["stretch", "letterbox"])
def test_the_picture_chooses_the_shape(fit: Any) -> None:
    to_tensor = ToTensor(TensorSpec(((64, 64), (96, 64), (64, 96)), fit, colour="bgr"))
    for size, shape in (((640, 360), (96, 64)), ((360, 640), (64, 96)), ((90, 90), (64, 64)), ((300, 200), (96, 64))):
        image = picture(*size)
        tensor, (x, y, w, h) = to_tensor(image)
        assert tensor.shape == (1, 3, shape[1], shape[0])
        expected = resized(image, (w, h)).transpose(2, 0, 1)
        assert np.allclose(tensor[0, :, y : y + h, x : x + w], expected, atol=0.01)
        assert (w, h) == shape or (fit == "letterbox" and (w == shape[0] or h == shape[1]))
