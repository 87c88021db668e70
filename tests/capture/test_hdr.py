"""Standard pictures put into HDR signals by the standards' own formulas come back; brighter ones keep their order."""

from __future__ import annotations

import numpy as np
import pytest

from rtskin.capture.picture import AvPicture, Converter
from rtskin.media import av, cv2

_TO_2020 = np.array([[0.6274, 0.3293, 0.0433], [0.0691, 0.9195, 0.0114], [0.0164, 0.0880, 0.8956]])
_PRIMARIES = {"bt709": 1, "bt2020": 9}
_TRANSFERS = {"pq": 16, "hlg": 18}


def standard() -> np.ndarray:
    """BGR up to what the knee leaves alone, and not so dark that a step of 10 bits is many of 8."""
    coarse = np.random.default_rng(8).integers(30, 210, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (160, 120), interpolation=cv2.INTER_CUBIC).clip(30, 225)


def pq(light: np.ndarray) -> np.ndarray:
    """SMPTE ST 2084: cd/m² to signal."""
    power = (light / 10000) ** (1305 / 8192)
    return ((107 / 128 + 2413 / 128 * power) / (1 + 2392 / 128 * power)) ** (2523 / 32)


def hlg(light: np.ndarray) -> np.ndarray:
    """ITU-R BT.2100, inverse OOTF for 1000 cd/m² and OETF."""
    luminance = (light @ np.array([0.2627, 0.6780, 0.0593]))[..., None] / 1000
    scene = light / 1000 * np.maximum(luminance, 1e-9) ** ((1 - 1.2) / 1.2)
    upper = 0.17883277 * np.log(np.maximum(12 * scene - 0.28466892, 1e-9)) + 0.55991073
    return np.where(scene <= 1 / 12, np.sqrt(3 * scene), upper)


def signal(light: np.ndarray, transfer: str, primaries: str) -> av.VideoFrame:
    """Red-first light of BT.709 in cd/m² as a decoded frame: yuv444p10, BT.2020 matrix, limited range."""
    if primaries == "bt2020":
        light = light @ _TO_2020.T
    rgb = {"pq": pq, "hlg": hlg}[transfer](light)
    y = rgb @ np.array([0.2627, 0.6780, 0.0593])
    u, v = (rgb[..., 2] - y) / 1.8814, (rgb[..., 0] - y) / 1.4746
    frame = av.VideoFrame(light.shape[1], light.shape[0], "yuv444p10le")
    for plane, values in zip(frame.planes, (64 + 876 * y, 512 + 896 * u, 512 + 896 * v), strict=True):
        target = np.frombuffer(plane, np.uint16).reshape(plane.height, -1)
        target[:, : plane.width] = np.rint(values).clip(0, 1023)
    frame.color_range, frame.colorspace = 1, 9
    frame.color_primaries, frame.color_trc = _PRIMARIES[primaries], _TRANSFERS[transfer]
    return frame


def light_of(bgr: np.ndarray) -> np.ndarray:
    """BT.1886, white at 203 cd/m²; red first."""
    return 203 * (bgr[..., ::-1] / 255.0) ** 2.4


@pytest.mark.parametrize("primaries", _PRIMARIES)
@pytest.mark.parametrize("transfer", _TRANSFERS)
def test_a_standard_picture_in_an_hdr_signal_comes_back(transfer: str, primaries: str) -> None:
    original = standard()
    got = AvPicture(signal(light_of(original), transfer, primaries), Converter()).bgr()
    assert got.dtype == np.uint8
    assert got.flags.c_contiguous
    assert np.abs(got.astype(int) - original).max() <= 10  # in one channel of a dark saturated colour
    assert np.abs(got.astype(float) - original).mean() < 1.5


@pytest.mark.parametrize("transfer", _TRANSFERS)
def test_what_is_brighter_than_white_is_pressed_together_below_it(transfer: str) -> None:
    steps = np.linspace(100, 1000, 160)
    light = np.repeat(np.repeat(steps[None, :, None], 16, 0), 3, 2)
    row = AvPicture(signal(light, transfer, "bt2020"), Converter()).bgr()[8, :, 1].astype(int)
    assert (np.diff(row) >= 0).all()
    assert row[0] == pytest.approx(255 * (100 / 203) ** (1 / 2.4), abs=2)
    assert 240 < row[-1] <= 255
    assert row[np.searchsorted(steps, 203)] < 250


def test_the_picture_itself_is_left_alone() -> None:
    frame = signal(light_of(standard()), "pq", "bt2020")
    before = [bytes(plane) for plane in frame.planes]
    AvPicture(frame, Converter()).bgr()
    assert [bytes(plane) for plane in frame.planes] == before
    assert (frame.color_trc, frame.color_primaries, frame.color_range) == (16, 9, 1)


def test_without_tone_mapping_it_would_be_seen() -> None:
    original = standard()
    frame = signal(light_of(original), "pq", "bt2020")
    frame.color_trc = 1
    wrong = AvPicture(frame, Converter()).bgr()
    assert np.abs(wrong.astype(float) - original).mean() > 20
