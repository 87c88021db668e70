"""Colours of a photograph in a wide space stay what they are: its profile goes into what shows them."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.capture.still import read_still
from rtskin.cli.main import run
from rtskin.media import cv2

Image = pytest.importorskip("PIL.Image", reason="profiles are made by Pillow, which comes with scikit-image")
ImageCms = pytest.importorskip("PIL.ImageCms")


@pytest.fixture
def profile() -> bytes:
    made: bytes = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    return made


def photograph(path: Path, profile: bytes, mode: str = "RGB", **options: Any) -> Path:
    pixels = np.random.default_rng(0).integers(0, 255, (48, 64, len(mode)), dtype=np.uint8)
    Image.fromarray(pixels.squeeze(), mode).save(path, icc_profile=profile, **options)
    return path


def profile_in(path: Path) -> bytes | None:
    with Image.open(io.BytesIO(path.read_bytes())) as image:
        found: bytes | None = image.info.get("icc_profile")
        return found


def mask(photo: Path, out: Path, *options: str) -> Path:
    with pytest.raises(SystemExit, match="0"):
        run(["mask", str(photo), "--model", "ellipse", "--out", str(out), *options])
    return out / f"{photo.stem}.png"


needs_metadata = pytest.mark.skipif(
    not hasattr(cv2, "imdecodeWithMetadata"), reason="this OpenCV does not tell profiles"
)


@needs_metadata
@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp", ".tif"])
@pytest.mark.parametrize("options", [("--view", "cutout"), ("--view", "cutout", "--bits", "16"), ("--view", "overlay")])
def test_what_shows_its_colours_keeps_its_profile(
    suffix: str, options: tuple[str, ...], tmp_path: Path, profile: bytes
) -> None:
    photo = photograph(tmp_path / f"wide{suffix}", profile)
    assert profile_in(mask(photo, tmp_path / "out", *options)) == profile


@needs_metadata
def test_a_matte_has_no_colours(tmp_path: Path, profile: bytes) -> None:
    assert profile_in(mask(photograph(tmp_path / "wide.jpg", profile), tmp_path / "out")) is None


@needs_metadata
def test_a_profile_of_other_colours_than_were_decoded_is_dropped(tmp_path: Path, profile: bytes) -> None:
    of_cmyk = profile[:16] + b"CMYK" + profile[20:]
    photo = photograph(tmp_path / "print.jpg", of_cmyk, "CMYK")
    assert read_still(photo).profile is None
    assert profile_in(mask(photo, tmp_path / "out", "--view", "cutout")) is None


@needs_metadata
@pytest.mark.parametrize("kept", [100, 200])
def test_a_damaged_profile_costs_no_picture(kept: int, tmp_path: Path, profile: bytes) -> None:
    """Cut off, or of the right length with nothing in it."""
    damaged = profile[:kept] if kept < 128 else kept.to_bytes(4, "big") + profile[4:128] + bytes(kept - 128)
    photo = photograph(tmp_path / "damaged.jpg", damaged)
    cut = mask(photo, tmp_path / "out", "--view", "cutout")
    with Image.open(cut) as image:
        assert image.size == (64, 48)
        image.load()
