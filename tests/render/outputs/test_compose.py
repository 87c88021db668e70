"""Views painted in the source's own pixel format."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from rtskin.errors import SinkError, UnknownNameError
from rtskin.frame import Mask
from rtskin.media import av, cv2
from rtskin.render.outputs.compose import composer_for
from rtskin.render.outputs.options import OutputOptions
from rtskin.render.outputs.pixels import channels_of, layout_of, planar_like
from rtskin.render.outputs.shown import shown_by
from rtskin.render.views.overlay import overlay

from ..conftest import make_frame, picture
from .conftest import decoded, half, masked

FORMATS = [
    "yuv420p", "yuvj420p", "yuv422p", "yuv444p", "yuv420p10le", "yuv422p10le", "yuv444p12le", "gbrp", "gbrp10le",
    "gray", "gray10le", "nv12", "p010le", "yuyv422", "rgb24", "rgb48le",
]  # fmt: skip


def paint(view: str, mask: Mask) -> Any:
    composer = composer_for(view, mask.frame, OutputOptions())
    return composer(mask)


def untouched(form: str, source: Any) -> list[Any]:
    """The source's samples as they are in the format that views are painted in, taken apart by swscale alone."""
    target = planar_like(form)
    if form in ("gray", "gray10le"):
        target = form
    same = form.replace("yuvj", "yuv") == target
    return channels_of(source if same else source.reformat(format=target))


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("view", ["overlay", "cutout", "alpha"])
def test_what_no_view_touches_is_bit_equal(form: str, view: str) -> None:
    frame = decoded(form)
    data = half() if view != "cutout" else 255 - half()
    painted = channels_of(paint(view, Mask(frame, data)))
    shift = layout_of(painted[0].shape and planar_like(form)).shift_x
    for index, before in enumerate(untouched(form, frame.picture.frame)):
        part = slice(32 >> (shift if index else 0), None)
        assert np.array_equal(painted[index][:, part], before[:, part])
        assert painted[index].dtype == before.dtype
        changed = not np.array_equal(painted[index][:, : part.start], before[:, : part.start])
        assert changed == (view != "alpha")


@pytest.mark.parametrize(
    ("form", "full"), [("yuv420p", False), ("yuvj422p", True), ("yuv444p10le", False), ("gbrp", True), ("bgr24", True)]
)
def test_an_overlay_looks_like_the_one_in_a_window(form: str, full: bool) -> None:
    frame = make_frame(picture()) if form == "bgr24" else decoded(form)
    code = 2 if full else 1
    if form != "bgr24":
        image = av.VideoFrame.from_ndarray(picture(), format="bgr24")
        frame.picture.frame = image.reformat(format=form, dst_colorspace=5, dst_color_range=code)
        frame.picture.frame.colorspace, frame.picture.frame.color_range = (0 if form == "gbrp" else 5), code
    mask = masked(frame)
    window = overlay(frame.bgr, mask, np.empty((48, 64, 3), np.uint8))
    painted = paint("overlay", mask)
    back = painted.to_ndarray(
        format="bgr24", src_colorspace=5, dst_colorspace=5, src_color_range=code, dst_color_range=2
    )
    assert cv2.PSNR(back, window) > (27 if "420" in form or "422" in form else 38)


@pytest.mark.parametrize(
    ("form", "tags", "codes"),
    [
        # ITU-R BT.709: pure red is Y 62.6, Cb 102.3, Cr 240 in limited range; BT.601: 81.5, 90.2, 240.
        ("yuv420p", {"colorspace": 1, "color_range": 1}, (63, 102, 240)),
        ("yuv420p", {"colorspace": 5, "color_range": 1}, (81, 90, 240)),
        ("yuv444p", {"colorspace": 5, "color_range": 2}, (76, 85, 255)),
        ("yuv420p10le", {"colorspace": 1, "color_range": 1}, (250, 409, 960)),
        ("yuv422p10le", {"colorspace": 9, "color_range": 1}, (294, 387, 960)),
        ("gbrp10le", {"color_range": 2}, (0, 0, 1023)),
        ("rgb24", {}, (0, 0, 255)),
    ],
)
def test_a_background_has_the_codes_of_the_standards(form: str, tags: dict[str, int], codes: tuple[int, ...]) -> None:
    painted = channels_of(paint("cutout:background=ff0000", Mask(decoded(form, **tags), np.zeros((48, 64), np.uint8))))
    for plane, code in zip(painted, codes, strict=True):
        assert plane.min() == plane.max()
        assert abs(int(plane[0, 0]) - code) <= 1


def test_white_is_paper_white_in_hdr() -> None:
    # ITU-R BT.2408: 203 cd/m² is 58 % of PQ and 75 % of HLG.
    for transfer, share in ((16, 0.58), (18, 0.75)):
        frame = decoded("yuv420p10le", colorspace=9, color_range=1, color_primaries=9, color_trc=transfer)
        mask = Mask(frame, np.zeros((48, 64), np.uint8))
        luma = channels_of(paint("cutout:background=ffffff", mask))[0]
        assert abs((int(luma[0, 0]) - 64) / 876 - share) < 0.005


@pytest.mark.parametrize(("form", "largest"), [("yuv420p", 255), ("yuv422p10le", 1023), ("rgb24", 255), ("gray", 255)])
def test_alpha_is_the_mask_over_the_full_scale(form: str, largest: int) -> None:
    frame = decoded(form)
    data = np.tile(np.arange(64, dtype=np.uint8) * 4, (48, 1))
    data[:, -1] = 255
    alpha = channels_of(paint("alpha", Mask(frame, data)))[3]
    assert np.abs(alpha.astype(float) - data * (largest / 255)).max() <= 0.5
    assert alpha.max() == largest


def test_mattes_of_16_bits_keep_them() -> None:
    data = np.random.default_rng(0).integers(0, 65536, (48, 64), dtype=np.uint16)
    [plane] = channels_of(paint("matte", Mask(decoded(), data)))
    assert np.array_equal(plane, data)


def test_the_source_is_not_painted_on() -> None:
    frame = decoded()
    before = [plane.copy() for plane in channels_of(frame.picture.frame)]
    paint("cutout", masked(frame))
    paint("overlay", masked(frame))
    assert all(np.array_equal(a, b) for a, b in zip(before, channels_of(frame.picture.frame), strict=True))


def test_what_is_not_one_picture_is_refused() -> None:
    composer = composer_for("overlay", decoded(), OutputOptions())
    with pytest.raises(SinkError, match="changes from 64x48 to 32x32 at frame 1"):
        composer(masked(decoded(size=(32, 32), seq=1)))
    with pytest.raises(SinkError, match="the mask of frame 0 is 10x5, not 64x48"):
        composer(Mask(decoded(), np.zeros((5, 10), np.uint8)))
    with pytest.raises(UnknownNameError, match="did you mean alpha"):
        shown_by("alhpa")
