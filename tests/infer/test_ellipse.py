from __future__ import annotations

import math
import tracemalloc
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError, RuntimeUnavailableError
from rtskin.frame import U8
from rtskin.infer.base import BaseSegmenter, load_segmenter
from rtskin.media import cv2

from .conftest import frame_of


@pytest.fixture(scope="module")
def segmenter() -> Any:
    return load_segmenter("ellipse")


def reference(bgr: U8) -> U8:
    """The definition, pixel by pixel, without a table."""
    _, cr, cb = (plane.astype(np.float64) for plane in cv2.split(cv2.cvtColor(bgr, cv2.COLOR_BGR2YCrCb)))
    angle = math.radians(148.63290800)
    c, s = math.cos(angle), math.sin(angle)
    u, v = cb - 119.31423371, cr - 155.55795465
    x, y = c * u + s * v, -s * u + c * v
    skin = ((x / 37.08939763) ** 2 + (y / 14.80887170) ** 2 <= 1).astype(np.uint8) * 255
    kernel = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (3, 3))
    for operation in (cv2.erode, cv2.erode, cv2.dilate, cv2.dilate):
        skin = operation(skin.reshape(bgr.shape[:2]), kernel)
    return cv2.GaussianBlur(skin, (3, 3), 0).reshape(bgr.shape[:2])


def scores(segmenter: BaseSegmenter, bgr: U8) -> U8:
    frame = frame_of(bgr)
    result = segmenter.infer(segmenter.prepare(frame))
    assert result.frame is frame
    assert result.model == "ellipse"
    assert result.data.dtype == np.uint8
    return result.data  # type: ignore[return-value]


@pytest.mark.parametrize("size", [(1, 1), (2, 3), (1, 40), (333, 77), (4000, 2), (640, 480)])
def test_equal_to_the_definition_on_random_pictures(segmenter: BaseSegmenter, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(size[0])
    # Large blots of colours around skin, so that erosion leaves something.
    small = rng.normal((120, 140, 190), 45, (size[1] // 8 + 1, size[0] // 8 + 1, 3)).clip(0, 255).astype(np.uint8)
    bgr = cv2.resize(small, size, interpolation=cv2.INTER_CUBIC).reshape(size[1], size[0], 3)
    assert np.array_equal(scores(segmenter, bgr), reference(bgr))
    noise = rng.integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    assert np.array_equal(scores(segmenter, noise), reference(noise))


def test_equal_to_the_definition_on_every_colour_difference(segmenter: BaseSegmenter) -> None:
    blue, red = np.meshgrid(np.arange(256), np.arange(256))
    bgr = np.stack([blue, np.full_like(blue, 120), red], 2).astype(np.uint8)
    result = scores(segmenter, bgr)
    assert np.array_equal(result, reference(bgr))
    assert 0.05 < (result > 127).mean() < 0.6


def test_equal_to_the_definition_on_real_pictures(segmenter: BaseSegmenter, shared: Path) -> None:
    for path in sorted((shared / "data/minhas/images").iterdir())[:5]:
        bgr = cv2.imread(str(path))
        assert np.array_equal(scores(segmenter, bgr), reference(bgr))


def test_what_it_runs_on(segmenter: BaseSegmenter) -> None:
    info = segmenter.info
    assert (info.runtime, info.device, info.precision, info.threads) == ("opencv", "cpu", "uint8", 1)


def test_what_it_cannot() -> None:
    with pytest.raises(RuntimeUnavailableError, match="runs on the CPU only, not on 'cuda'"):
        load_segmenter("ellipse", device="cuda")
    with pytest.raises(RuntimeUnavailableError, match="leave the runtime at auto"):
        load_segmenter("ellipse", runtime="onnxruntime")
    with pytest.raises(InputError, match="no runtime options; leave out delay_ms"):
        load_segmenter("ellipse", runtime_options={"delay_ms": 3})


def test_results_stay_their_holders(segmenter: BaseSegmenter) -> None:
    skin, wall = np.full((40, 40, 3), (120, 150, 220), np.uint8), np.full((40, 40, 3), 128, np.uint8)
    first = scores(segmenter, skin)
    second = scores(segmenter, wall)
    assert first.min() == 255
    assert second.max() == 0


def test_nothing_large_is_allocated_once_warm(segmenter: BaseSegmenter) -> None:
    frame = frame_of(np.zeros((360, 640, 3), np.uint8))
    for _ in range(3):
        segmenter.infer(segmenter.prepare(frame))
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        for _ in range(5):
            segmenter.infer(segmenter.prepare(frame))
        grown = tracemalloc.get_traced_memory()[1] - before
    finally:
        tracemalloc.stop()
    assert grown < 8192  # one mask is 230 kB
