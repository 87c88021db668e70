from __future__ import annotations

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.train.data.batches import Batches
from rtskin.train.data.imaging import cv2
from rtskin.train.data.sets import scan
from rtskin.train.light import webcam
from rtskin.train.recipe import Augment, parse

from ..conftest import picture

IMAGE = cv2.GaussianBlur(picture(3, (96, 64))[0], (0, 0), 2)


def each(change: str, count: int = 8) -> list[np.ndarray]:
    return [getattr(webcam, change)(np.random.default_rng(seed), IMAGE) for seed in range(count)]


def test_bands_are_the_same_all_along_a_row() -> None:
    grey = np.full((64, 32, 3), 128, np.uint8)
    banded = webcam.banding(np.random.default_rng(0), grey).astype(int)
    assert (banded == banded[:, :1]).all()
    assert np.ptp(banded[:, 0, 1]) > 5


def test_halos_make_edges_steeper_and_leave_flat_parts() -> None:
    edge = np.full((32, 32, 3), 80, np.uint8)
    edge[:, 16:] = 160
    for seed in range(4):
        sharp = webcam.halo(np.random.default_rng(seed), edge)
        assert sharp.min() < 80
        assert sharp.max() > 160
        assert (sharp[:, 0] == 80).all()


def test_coarse_colour_keeps_the_luma() -> None:
    rng = np.random.default_rng(1)
    noise = rng.integers(90, 160, (64, 64, 3), np.uint8)
    changed = webcam.chroma(np.random.default_rng(0), noise)
    before, after = (cv2.cvtColor(image, cv2.COLOR_BGR2YCrCb).astype(int) for image in (noise, changed))
    assert np.abs(before[..., 0] - after[..., 0]).max() <= 2
    assert after[..., 1].std() < 0.7 * before[..., 1].std()


def test_h264_is_blocky_but_the_same_picture_in_the_same_place() -> None:
    clean = IMAGE.astype(int)
    for coded in each("h264"):
        assert coded.shape == IMAGE.shape
        difference = np.abs(coded - clean).mean()
        assert 0.5 < difference < 25
        moved = min(np.abs(np.roll(coded, by, axis) - clean).mean() for by in (-4, 4) for axis in (0, 1))
        assert difference < moved, "the last picture of the pan is where the mask is"


def test_h264_takes_odd_sizes() -> None:
    odd = np.ascontiguousarray(IMAGE[:63, :95])
    assert webcam.h264(np.random.default_rng(0), odd).shape == odd.shape


def test_without_the_encoder_a_training_does_not_start(table: dict, data, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(webcam, "_has_x264", lambda: False)
    webcam.require(Augment())
    recipe = parse({**table, "augment": {"h264": 0.1}})
    with pytest.raises(InputError, match="needs PyAV with libx264, which is not on this machine"):
        Batches(recipe, scan(recipe, [data]))
