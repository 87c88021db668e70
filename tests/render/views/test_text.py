"""Views as they are written."""

from __future__ import annotations

import pytest

from rtskin.render.views.text import parse_views


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("matte", [("matte", {})]),
        (" smooth-skin : strength = 0.5 + overlay", [("smooth-skin", {"strength": "0.5"}), ("overlay", {})]),
        ("overlay:color=#00ff88,alpha=0.4", [("overlay", {"color": "#00ff88", "alpha": "0.4"})]),
        ('cutout:background="a, b+c.png",transfer=1', [("cutout", {"background": "a, b+c.png", "transfer": "1"})]),
        (r"cutout:background=C:\my files\x.png", [("cutout", {"background": r"C:\my files\x.png"})]),
        ("mine:my-key=1", [("mine", {"my_key": "1"})]),
    ],
)
def test_what_is_said(text: str, said: list[tuple[str, dict[str, str]]]) -> None:
    assert parse_views(text) == said
