"""Views as they are written."""

from __future__ import annotations

import random

import pytest

from rtskin.render.views.text import parse_views, write_views


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


def test_whatever_a_value_holds_is_read_as_it_was_written() -> None:
    rng = random.Random(8)
    for _ in range(2000):
        values = ["".join(rng.choices('ab0 ",+:=\n\t\\#é', k=rng.randrange(8))) for _ in range(rng.randrange(1, 4))]
        said = [("cutout", {f"key_{number}": value for number, value in enumerate(values)}), ("overlay", {})]
        assert parse_views(write_views(said)) == said


def test_a_quote_is_written_twice() -> None:
    assert parse_views('cutout:background="a ""b"".png"') == [("cutout", {"background": 'a "b".png'})]
