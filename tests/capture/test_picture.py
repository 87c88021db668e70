from __future__ import annotations

import numpy as np
import pytest

from rtskin.capture.picture import AvPicture, Converter, resolve
from rtskin.frame import Color
from rtskin.media import av, cv2
from rtskin.preprocess.tensor import TensorSpec, ToTensor

_WEIGHTS = {
    "smpte170m": (0.299, 0.114),
    "bt470bg": (0.299, 0.114),
    "bt709": (0.2126, 0.0722),
    "bt2020nc": (0.2627, 0.0593),
}
_NUMBERS = {"bt709": 1, "unknown": 2, "bt470bg": 5, "smpte170m": 6, "bt2020nc": 9}


def picture() -> np.ndarray:
    """Smooth and colourful, so that 4:2:0 costs little and a wrong matrix much."""
    coarse = np.random.default_rng(5).integers(0, 256, (6, 8, 3), dtype=np.uint8)
    return cv2.resize(coarse, (320, 240), interpolation=cv2.INTER_CUBIC)


def encode(bgr: np.ndarray, pixels: str, matrix: str, full: bool) -> av.VideoFrame:
    """By the definition of the standards, in floating point."""
    kr, kb = _WEIGHTS[matrix]
    b, g, r = (bgr[..., index].astype(np.float64) for index in range(3))
    y = kr * r + (1 - kr - kb) * g + kb * b
    planes = [y, (b - y) / (2 * (1 - kb)), (r - y) / (2 * (1 - kr))]
    if not full:
        planes = [16 + planes[0] * 219 / 255, planes[1] * 224 / 255, planes[2] * 224 / 255]
    planes = [planes[0], planes[1] + 128, planes[2] + 128]
    deep = "10" in pixels
    frame = av.VideoFrame(bgr.shape[1], bgr.shape[0], pixels)
    for plane, values in zip(frame.planes, planes, strict=False):
        small = cv2.resize(values, (plane.width, plane.height), interpolation=cv2.INTER_AREA)
        rounded = (
            np.rint(small * 4).clip(0, 1023).astype("<u2") if deep else np.rint(small).clip(0, 255).astype(np.uint8)
        )
        target = np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size).view(rounded.dtype)
        target[:, : plane.width] = rounded
    frame.color_range = 2 if full else 1
    frame.colorspace = _NUMBERS[matrix]
    return frame


def psnr(a: np.ndarray, b: np.ndarray) -> float:
    return float(10 * np.log10(255**2 / max(1e-9, np.mean((a.astype(np.float64) - b) ** 2))))


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le", "yuv444p10le", "yuva420p"])
@pytest.mark.parametrize("matrix", ["smpte170m", "bt470bg", "bt709", "bt2020nc"])
@pytest.mark.parametrize("full", [True, False])
def test_round_trip(pixels, matrix, full):
    original = picture()
    frame = encode(original, pixels, matrix, full)
    got = AvPicture(frame, Converter()).bgr()
    assert psnr(got, original) > (48 if "444" in pixels else 40)
    # The frame itself keeps what it said of its colours.
    assert (frame.color_range, frame.colorspace) == (2 if full else 1, _NUMBERS[matrix])


@pytest.mark.parametrize("full", [True, False])
@pytest.mark.parametrize("pixels", ["yuv420p", "yuv444p", "yuv420p10le"])
def test_colours_do_not_become_darker(pixels, full):
    original = picture()
    error = AvPicture(encode(original, pixels, "bt709", full), Converter()).bgr().astype(float) - original
    mean = error[(original > 3).all(axis=2) & (original < 252).all(axis=2)].mean(axis=0)
    assert np.abs(mean).max() < (1.1 if full and pixels == "yuv420p" else 0.7)


def test_black_and_white_stay_what_they_are():
    frame = av.VideoFrame(64, 16, "yuv420p")
    for plane, value in zip(frame.planes, (16, 128, 128), strict=True):
        plane.update(bytes([value]) * plane.buffer_size)
    assert AvPicture(frame, Converter()).bgr().max() == 0
    frame.planes[0].update(bytes([235]) * frame.planes[0].buffer_size)
    assert AvPicture(frame, Converter()).bgr().min() == 255


def test_a_wrong_range_or_matrix_would_be_seen():
    original = picture()
    frame = encode(original, "yuv444p", "bt709", True)
    frame.color_range = 1
    assert psnr(AvPicture(frame, Converter()).bgr(), original) < 32
    frame.color_range, frame.colorspace = 2, _NUMBERS["smpte170m"]
    assert psnr(AvPicture(frame, Converter()).bgr(), original) < 32


@pytest.mark.parametrize(("matrix", "size"), [("smpte170m", (320, 240)), ("bt709", (1280, 720))])
def test_untagged_frames_are_taken_as_players_take_them(matrix, size):
    original = cv2.resize(picture(), size, interpolation=cv2.INTER_CUBIC)
    frame = encode(original, "yuv444p", matrix, False)
    frame.color_range, frame.colorspace = 0, _NUMBERS["unknown"]
    shown = AvPicture(frame, Converter())
    assert shown.color == Color()
    assert psnr(shown.bgr(), original) > 48


def test_resolve():
    assert resolve(Color(), "yuv420p", 640, 480) == ("smpte170m", False)
    assert resolve(Color(), "yuv420p", 1280, 544) == ("bt709", False)
    assert resolve(Color(), "gray", 640, 480) == ("smpte170m", True)
    assert resolve(Color(range="pc", matrix="bt709"), "yuv420p", 64, 48) == ("bt709", True)
    assert resolve(Color(matrix="gbr"), "gbrp", 64, 48) == ("smpte170m", True)


def test_yuvj_is_full_range_whatever_the_tag():
    original = picture()
    frame = encode(original, "yuvj420p", "smpte170m", True)
    frame.color_range = 0
    assert AvPicture(frame, Converter()).color.range == "pc"
    assert psnr(AvPicture(frame, Converter()).bgr(), original) > 40


def test_alpha_is_dropped_not_composited():
    frame = av.VideoFrame.from_ndarray(np.full((4, 4, 4), (10, 20, 30, 0), np.uint8), format="bgra")
    assert (AvPicture(frame, Converter()).bgr() == (10, 20, 30)).all()


def test_grey_keeps_its_values():
    ramp = np.arange(256, dtype=np.uint8).reshape(16, 16)
    got = AvPicture(av.VideoFrame.from_ndarray(ramp, format="gray"), Converter()).bgr()
    assert np.abs(got.astype(int) - ramp[..., None]).max() <= 1


def test_padded_rows_become_contiguous_and_the_buffer_is_used_again():
    converter = Converter()
    frame = encode(picture()[:, :33], "yuv420p", "bt709", False)
    first = AvPicture(frame, converter).bgr()
    assert first.shape == (240, 33, 3)
    assert first.flags.c_contiguous
    address = first.ctypes.data
    del first
    assert AvPicture(frame, converter).bgr().ctypes.data == address


@pytest.mark.parametrize(
    ("format", "has"),
    [("yuv420p", True), ("nv12", True), ("gray", True), ("yuyv422", False), ("yuv420p10le", False), ("bgr24", False)],
)
def test_luma_is_a_view_of_the_first_plane_where_that_holds_just_luma(format: str, has: bool) -> None:
    frame = av.VideoFrame(18, 6, format)
    if not has:
        assert AvPicture(frame, Converter()).luma() is None
        return
    plane = frame.planes[0]
    plane.update(bytes(i % 251 for i in range(plane.buffer_size)))
    luma = AvPicture(frame, Converter()).luma()
    assert luma.shape == (6, 18)
    assert [int(luma[0, 0]), int(luma[5, 17])] == [0, (5 * plane.line_size + 17) % 251]


@pytest.mark.parametrize("pixels", ["yuv420p", "yuv422p", "yuv444p", "yuvj420p"])
@pytest.mark.parametrize("full", [True, False])
def test_planes_say_what_bgr_shows(pixels, full):
    full = full or pixels == "yuvj420p"
    original = np.clip(picture(), 40, 215)
    shown = AvPicture(encode(original, pixels, "bt709", full), Converter())
    yuv = shown.yuv()
    assert yuv is not None
    assert (yuv.matrix, yuv.full, yuv.y.shape) == ("bt709", full, (240, 320))
    whole = TensorSpec(((80, 60),), colour="bgr")
    straight, by_bgr = ToTensor(whole).of_planes(yuv)[0], ToTensor(whole)(shown.bgr())[0]
    # swscale rounds each pixel, or cuts its fraction off.
    assert np.abs(straight - by_bgr).max() < 2.5
    assert np.abs((straight - by_bgr).mean(axis=(0, 2, 3))).max() < 1.1


@pytest.mark.parametrize("pixels", ["yuv420p10le", "yuva420p", "nv12", "gray", "rgb24", "yuyv422"])
def test_other_formats_have_no_such_planes(pixels):
    assert AvPicture(av.VideoFrame(64, 48, pixels), Converter()).yuv() is None


def test_what_bgr_makes_brighter_or_blends_has_no_planes():
    frame = av.VideoFrame(64, 48, "yuv420p")
    assert AvPicture(frame, Converter()).yuv() is not None
    frame.color_trc = 16
    assert AvPicture(frame, Converter()).yuv() is None
