from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture.still import read_image
from rtskin.errors import SourceError, SourceNotFoundError
from rtskin.media import cv2


def corners() -> np.ndarray:
    """A picture whose orientation shows: 16 wide, 8 high, one bright corner top left, a dim one top right."""
    image = np.zeros((64, 128, 3), np.uint8)
    image[:32, :64], image[:32, 64:] = 250, 120
    return image


def with_exif(jpeg: bytes, orientation: int) -> bytes:
    """Puts an APP1 segment with nothing but the orientation behind the start marker."""
    tiff = b"II*\0" + struct.pack("<IHHHII I".replace(" ", ""), 8, 1, 0x0112, 3, 1, orientation, 0)
    body = b"Exif\0\0" + tiff
    return jpeg[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + jpeg[2:]


_SEEN = {
    1: lambda a: a,
    2: lambda a: a[:, ::-1],
    3: lambda a: a[::-1, ::-1],
    4: lambda a: a[::-1],
    5: lambda a: a.transpose(1, 0, 2),
    6: lambda a: np.rot90(a, -1),
    7: lambda a: np.rot90(a, -1)[:, ::-1][::-1, ::-1],
    8: lambda a: np.rot90(a),
}


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_honoured(tmp_path, orientation):
    _, data = cv2.imencode(".jpg", corners(), [cv2.IMWRITE_JPEG_QUALITY, 100])
    path = tmp_path / "photo.jpg"
    path.write_bytes(with_exif(data.tobytes(), orientation))
    expected = _SEEN[orientation](corners())
    got = read_image(path)
    assert got.shape == expected.shape
    assert np.abs(got.astype(int) - expected).mean() < 3


@pytest.mark.parametrize("suffix", ["png", "tif"])
@pytest.mark.parametrize("channels", [1, 3, 4])
def test_sixteen_bits_are_scaled_to_eight(tmp_path, suffix, channels):
    ramp = np.linspace(0, 65535, 64 * 48).reshape(48, 64).astype(np.uint16)
    image = ramp if channels == 1 else np.dstack([ramp] * channels)
    cv2.imwrite(str(tmp_path / f"deep.{suffix}"), image)
    got = read_image(tmp_path / f"deep.{suffix}")
    assert got.shape == (48, 64, 3)
    assert got.dtype == np.uint8
    assert np.abs(got.astype(float) - ramp[..., None] / 257).max() <= 1


def test_grey_becomes_colour_and_alpha_is_dropped(tmp_path):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    cv2.imwrite(str(tmp_path / "grey.png"), grey)
    assert (read_image(tmp_path / "grey.png") == grey[..., None]).all()
    clear = np.full((5, 7, 4), (1, 2, 3, 0), np.uint8)
    cv2.imwrite(str(tmp_path / "clear.png"), clear)
    assert (read_image(tmp_path / "clear.png") == (1, 2, 3)).all()


@pytest.mark.parametrize("size", [(1, 1), (2, 4000), (4000, 2)])
def test_odd_sizes(tmp_path, size):
    cv2.imwrite(str(tmp_path / "odd.png"), np.zeros((size[1], size[0], 3), np.uint8))
    assert read_image(tmp_path / "odd.png").shape == (size[1], size[0], 3)


def test_a_name_with_umlauts_and_spaces(tmp_path):
    path = tmp_path / "schönes bild.png"
    path.write_bytes(cv2.imencode(".png", corners())[1].tobytes())
    assert read_image(str(path)).shape == (64, 128, 3)


def test_errors_name_the_file_and_the_trouble(tmp_path, capfd):
    text = tmp_path / "text.png"
    text.write_text("hello")
    (tmp_path / "empty.png").touch()
    whole = cv2.imencode(".png", np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8))[1].tobytes()
    (tmp_path / "cut.png").write_bytes(whole[: len(whole) // 2])
    for name, kind, words in (
        ("absent.png", SourceNotFoundError, "there is no image"),
        ("", SourceError, "is a directory"),
        ("text.png", SourceError, "not an image"),
        ("empty.png", SourceError, "is empty"),
        ("cut.png", SourceError, "damaged"),
    ):
        with pytest.raises(kind, match=words) as caught:
            read_image(tmp_path / name)
        assert name in str(caught.value)
    assert capfd.readouterr().err == ""


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="root may read everything")
def test_a_file_that_may_not_be_read(tmp_path: Path):
    path = tmp_path / "secret.png"
    path.touch(mode=0)
    with pytest.raises(SourceError, match="permissions"):
        read_image(path)
