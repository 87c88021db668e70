"""Images of more than 8 bits."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.capture.picture import AvPicture
from rtskin.capture.still import read_image, read_picture
from rtskin.errors import SourceError
from rtskin.frame import BgrPicture
from rtskin.media import av, cv2


def noise(dtype: Any = np.uint16) -> Any:
    return np.random.default_rng(0).integers(0, np.iinfo(dtype).max + 1, (30, 41, 3), dtype=dtype)


def samples(picture: Any) -> np.ndarray:
    """B, G, R of a picture in "gbrp…"."""
    planes = [
        np.frombuffer(plane, np.uint16)[: plane.line_size // 2 * plane.height].reshape(plane.height, -1)[
            :, : plane.width
        ]
        for plane in picture.frame.planes
    ]
    return np.dstack([planes[1], planes[0], planes[2]])


def film(path: Path, form: str, values: list[np.ndarray], **options: str) -> Path:
    """An .exr or .dpx file of these planes."""
    height, width = values[0].shape
    context = av.CodecContext.create(path.suffix[1:], "w")
    context.width, context.height, context.pix_fmt, context.time_base = width, height, form, Fraction(1, 25)
    context.options = options
    frame = av.VideoFrame(width, height, form)
    for plane, data in zip(frame.planes, values, strict=True):
        np.frombuffer(plane, data.dtype)[: plane.line_size // data.itemsize * height].reshape(height, -1)[:, :width] = (
            data
        )
    frame.pts = 0
    path.write_bytes(b"".join(bytes(packet) for packet in [*context.encode(frame), *context.encode(None)]))
    return path


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_are_kept(tmp_path: Path, suffix: str) -> None:
    deep = noise()
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), deep)
    picture = read_picture(tmp_path / f"a.{suffix}")
    assert picture.format == "gbrp16le"
    assert np.array_equal(samples(picture), deep)
    assert np.abs(picture.bgr() - deep / 257).max() <= 1
    assert np.array_equal(picture.bgr(), read_image(tmp_path / f"a.{suffix}"))
    cv2.imwrite(str(tmp_path / f"grey.{suffix}"), deep[..., 0])
    grey = samples(read_picture(tmp_path / f"grey.{suffix}"))
    assert np.array_equal(grey, deep[..., :1].repeat(3, 2))
    clear = np.dstack([deep, deep[..., 0]])
    cv2.imwrite(str(tmp_path / f"clear.{suffix}"), clear)
    assert np.array_equal(samples(read_picture(tmp_path / f"clear.{suffix}")), deep)


@pytest.mark.parametrize("suffix", ["png", "tif", "bmp"])
def test_eight_bits_stay_eight(tmp_path: Path, suffix: str) -> None:
    flat = noise(np.uint8)
    cv2.imwrite(str(tmp_path / f"a.{suffix}"), flat)
    picture = read_picture(tmp_path / f"a.{suffix}")
    assert isinstance(picture, BgrPicture)
    assert np.array_equal(picture.bgr(), flat)


def test_a_tiff_of_floats_is_light(tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "a.tif"), np.full((8, 9, 3), (0.21404, 0, 2), np.float32))
    found = samples(read_picture(tmp_path / "a.tif"))
    assert np.abs(found[0, 0] / 65535 - (0.5, 0, 1)).max() < 1e-4


@pytest.mark.parametrize("depth", ["half", "float"])
def test_linear_light_becomes_srgb(tmp_path: Path, depth: str) -> None:
    """IEC 61966-2-1: 0.0031308 is 0.04045, 0.2140 is 0.5; what is brighter than 1 is 1, what is no number is black."""
    light = np.array([[0, 0.0031308, 0.21404, 1, 8, -1, np.nan, 0.5]], np.float32)
    path = film(tmp_path / "a.exr", "gbrpf32le", [light, light[:, ::-1].copy(), light], format=depth)
    picture = read_picture(path)
    assert isinstance(picture, AvPicture)
    assert picture.format == "gbrp16le"
    found = samples(picture)[0] / 65535
    expected = np.array([0, 0.04045, 0.5, 1, 1, 0, 0, 0.7354])
    assert np.abs(found[:, 1] - expected).max() < 5e-4
    assert np.abs(found[::-1, 0] - expected).max() < 5e-4
    assert picture.bgr().shape == (1, 8, 3)


def test_grey_light(tmp_path: Path) -> None:
    path = film(tmp_path / "a.exr", "grayf32le", [np.full((4, 6), 0.21404, np.float32)], format="half")
    assert np.abs(read_image(path).astype(int) - 128).max() <= 1


@pytest.mark.parametrize(("form", "bits"), [("gbrp10le", 10), ("gbrp12le", 12)])
def test_dpx_keeps_its_bits(tmp_path: Path, form: str, bits: int) -> None:
    green, blue, red = (noise()[..., channel] >> (16 - bits) for channel in (1, 0, 2))
    path = film(tmp_path / "a.dpx", form, [green, blue, red])
    picture = read_picture(path)
    assert picture.format == form
    assert np.array_equal(samples(picture), np.dstack([blue, green, red]))
    assert np.abs(picture.bgr() - np.dstack([blue, green, red]) * (255 / (2**bits - 1))).max() <= 1.5


def test_sequences_of_film_images_are_sources(tmp_path: Path) -> None:
    for number in (1001, 1002):
        planes = [np.full((8, 12), number / 4000, np.float32)] * 3
        film(tmp_path / f"shot.{number}.exr", "gbrpf32le", planes, format="half")
    with open_source(tmp_path / "shot.%04d.exr") as source:
        assert [(frame.number, frame.picture.format) for frame in source] == [(1001, "gbrp16le"), (1002, "gbrp16le")]
    with open_source(tmp_path / "shot.1001.exr") as source:
        assert source.info.frames == 1


@pytest.mark.parametrize("suffix", ["exr", "dpx"])
def test_damaged_film_images_are_refused(tmp_path: Path, suffix: str) -> None:
    planes = [np.zeros((8, 12), np.float32 if suffix == "exr" else np.uint16)] * 3
    path = film(tmp_path / f"a.{suffix}", "gbrpf32le" if suffix == "exr" else "gbrp10le", planes)
    path.write_bytes(path.read_bytes()[:100])
    with pytest.raises(SourceError, match=f"a.{suffix} is not an image that can be read, or it is damaged"):
        read_picture(path)
