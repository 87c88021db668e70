"""What pixel formats are, and which is nearest."""

from __future__ import annotations

import pytest

from rtskin.render.outputs.formats import encoding_for
from rtskin.render.outputs.pixels import describe, layout_of, planar_like


@pytest.mark.parametrize(
    ("form", "plain", "alpha"),
    [
        ("yuvj420p", "yuv420p", "yuva420p"),
        ("nv12", "yuv420p", "yuva420p"),
        ("p010le", "yuv420p10le", "yuva420p10le"),
        ("uyvy422", "yuv422p", "yuva422p"),
        ("yuva444p10le", "yuv444p10le", "yuva444p10le"),
        ("yuv420p12le", "yuv420p12le", "yuva422p12le"),  # there is no yuva420p12
        ("yuv420p10be", "yuv420p10le", "yuva420p10le"),
        ("gray10le", "yuv444p10le", "yuva444p10le"),
        ("rgba", "bgr24", "bgra"),
        ("pal8", "bgr24", "bgra"),
        ("rgb48le", "gbrp16le", "gbrap16le"),
    ],
)
def test_the_planar_twin(form: str, plain: str, alpha: str) -> None:
    assert (planar_like(form), planar_like(form, alpha=True)) == (plain, alpha)
    assert layout_of(plain).planar or plain == "bgr24"


@pytest.mark.parametrize(
    ("codec", "form", "size", "encoded"),
    [
        ("h264", "yuv420p", (64, 48), "yuv420p"),
        ("h264", "yuv420p", (63, 48), "yuv444p"),
        ("h264", "yuv422p10le", (64, 48), "yuv422p10le"),
        ("h264", "yuv420p12le", (64, 48), "yuv420p10le"),
        ("h264", "bgr24", (64, 48), "yuv420p"),
        ("ffv1", "yuv440p", (64, 48), "yuv440p"),
        ("ffv1", "gbrp", (64, 48), "bgr0"),
        ("ffv1", "bgr24", (64, 48), "bgr0"),
        ("prores", "yuv420p", (64, 48), "yuv422p10le"),
        ("prores", "bgr24", (64, 48), "yuv444p10le"),
        ("vp9", "yuv422p", (64, 48), "yuv422p"),
    ],
)
def test_encoders_get_what_loses_least(codec: str, form: str, size: tuple[int, int], encoded: str) -> None:
    assert encoding_for(codec, "picture", form, False, size).pixel_format == encoded


def test_formats_in_words() -> None:
    assert [describe(name) for name in ("yuv420p10le", "gbrp", "yuva444p", "gray16le")] == [
        "4:2:0, 10 bit",
        "RGB, 8 bit",
        "4:4:4 with alpha, 8 bit",
        "grey, 16 bit",
    ]
