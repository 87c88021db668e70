"""Numbered images."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.errors import InputError, OutputExistsError, SinkError
from rtskin.frame import Mask
from rtskin.media import av, cv2
from rtskin.render.outputs import check_output_fits
from rtskin.render.outputs.pixels import channels_of

from ..conftest import disc, make_frame, picture
from .conftest import decoded, half, masked, write


def load(path: Path) -> np.ndarray:
    return cv2.imread(str(path), cv2.IMREAD_UNCHANGED)


def test_mattes_of_8_and_16_bits(tmp_path: Path) -> None:
    write(tmp_path / "a.%02d.png", "matte", [masked(decoded(seq=7))])
    assert np.array_equal(load(tmp_path / "a.07.png"), disc(step=7))
    write(tmp_path / "b.%d.png", "matte", [masked(decoded())], bits=16)
    assert np.array_equal(load(tmp_path / "b.0.png"), disc().astype(np.uint16) * 257)
    deep = np.random.default_rng(0).integers(0, 65536, (48, 64), dtype=np.uint16)
    write(f"{tmp_path}/folder/", "matte", [Mask(decoded(), deep)])
    assert np.array_equal(load(tmp_path / "folder/000000.png"), deep)


def test_numbers_of_the_source_are_kept(tmp_path: Path) -> None:
    write(tmp_path / "%d.png", "matte", [Mask(make_frame(picture(), seq=0, number=1001), disc())])
    assert [path.name for path in tmp_path.iterdir()] == ["1001.png"]


def test_rgba_of_images_is_exact(tmp_path: Path) -> None:
    frame = make_frame(picture())
    write(tmp_path / "%d.png", "alpha", [Mask(frame, disc())])
    found = load(tmp_path / "0.png")
    assert np.array_equal(found[..., :3], picture())
    assert np.array_equal(found[..., 3], disc())
    write(tmp_path / "o%d.png", "overlay", [Mask(frame, half())])
    assert np.array_equal(load(tmp_path / "o0.png")[:, 32:], picture()[:, 32:])


@pytest.mark.parametrize(
    ("form", "depth"), [("yuv420p", np.uint8), ("yuv422p10le", np.uint16), ("gbrp10le", np.uint16)]
)
def test_rgba_of_video_has_its_depth_and_the_mask(tmp_path: Path, form: str, depth: type) -> None:
    frame = decoded(form, colorspace=5 if form.startswith("yuv") else 0, color_range=1 if form.startswith("yuv") else 2)
    write(tmp_path / "%d.png", "alpha", [masked(frame)])
    found = load(tmp_path / "0.png")
    assert (found.shape, found.dtype) == ((48, 64, 4), depth)
    scale = np.iinfo(depth).max / 255
    assert np.abs(found[..., 3] / scale - disc()).max() <= 0.2
    # The mean over a picture of noise: what conversions lose is lost evenly.
    assert np.abs(found[..., :3].mean(axis=(0, 1)) / scale - frame.bgr.mean(axis=(0, 1))).max() < 2


@pytest.mark.parametrize("suffix", ["png", "tif"])
def test_sixteen_bits_go_in_and_come_out(tmp_path: Path, suffix: str) -> None:
    deep = np.random.default_rng(1).integers(0, 65536, (48, 64, 3), dtype=np.uint16)
    for number in (7, 8):
        cv2.imwrite(str(tmp_path / f"in.{number}.{suffix}"), deep)
    with open_source(tmp_path / f"in.%d.{suffix}") as source:
        masks = [Mask(frame, half()) for frame in source]
    write(tmp_path / "alpha.%d.png", "alpha", masks)
    found = load(tmp_path / "alpha.8.png")
    assert np.array_equal(found[..., :3], deep)
    assert np.array_equal(found[..., 3], half().astype(np.uint16) * 257)
    for view, untouched in (("overlay", slice(32, 64)), ("cutout", slice(0, 32))):
        write(tmp_path / f"{view}.%d.png", view, masks)
        found = load(tmp_path / f"{view}.7.png")
        assert found.dtype == np.uint16
        assert np.array_equal(found[:, untouched], deep[:, untouched])
        assert not np.array_equal(found, deep)
    write(tmp_path / "a.mp4", "overlay", masks)
    with av.open(str(tmp_path / "a.mp4")) as container:
        assert [frame.format.name for frame in container.decode(video=0)] == ["yuv420p10le"] * 2


@pytest.mark.parametrize("form", ["yuv420p", "yuv422p", "yuv420p10le"])
def test_colours_of_video_lie_where_they_are(tmp_path: Path, form: str) -> None:
    """Blue that rises by 4 a pixel: chroma samples lie on the even columns (ITU-T H.264, annex E), 8 codes apart."""
    frame = decoded(form, colorspace=5, color_range=1)
    luma, blue, red = channels_of(frame.picture.frame)
    step = 4 if luma.dtype == np.uint16 else 1
    luma[:], red[:] = 100 * step, 128 * step
    blue[:] = ((64 + 4 * np.arange(32)) * step).astype(blue.dtype)
    write(tmp_path / "%d.png", "cutout", [Mask(frame, np.full((48, 64), 255, np.uint8))])
    found = load(tmp_path / "0.png").astype(float) / (257 if step == 4 else 1)
    x = np.arange(63)
    # ITU-R BT.601: B = 1.164 (Y - 16) + 2.017 (Cb - 128)
    wanted = np.clip(255 / 219 * (100 - 16) + 2.01723 * (64 + 2 * x - 128), 0, 255)
    assert np.abs(found[:, :63, 0] - wanted).max() < 1.6


def test_exr_holds_halves(tmp_path: Path) -> None:
    mask = masked(decoded())
    write(tmp_path / "%03d.exr", "matte", [mask])
    data = (tmp_path / "000.exr").read_bytes()
    decoder = av.CodecContext.create("exr", "r")
    [frame] = [*decoder.decode(av.Packet(data)), *decoder.decode(None)][:1]
    dtype = np.float16 if frame.format.name == "grayf16le" else np.float32
    values = np.frombuffer(frame.planes[0], dtype).reshape(48, -1)[:, :64]
    assert np.abs(values - mask.data / 255).max() <= 2**-11  # half of the last place of a half float near 1, or cut off
    assert np.array_equal(np.rint(values.astype(float) * 255), mask.data)


def test_what_images_do_not_do(tmp_path: Path) -> None:
    with pytest.raises(SinkError, match=r"\.exr holds mattes only, not alpha.*\.%04d\.png"):
        check_output_fits(tmp_path / "a.%04d.exr", "alpha")
    for name in ("a.png", "a.%s.png", "%d.%d.png", "a.%d.jpg"):
        with pytest.raises(InputError, match="not a pattern"):
            check_output_fits(tmp_path / name, "matte")
    with pytest.raises(SinkError, match="there is no folder"):
        write(tmp_path / "none/%d.png", "matte", [masked(decoded())])
    with pytest.raises(SinkError, match="not one picture"):
        write(tmp_path / "%d.png", "matte", [])
    (tmp_path / "0.png").write_text("mine")
    with pytest.raises(OutputExistsError):
        write(tmp_path / "%d.png", "matte", [masked(decoded())])
    assert (tmp_path / "0.png").read_text() == "mine"
