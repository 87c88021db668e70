"""Sizes as they are written."""

from __future__ import annotations

import pytest

from rtskin.errors import InputError
from rtskin.roi.regions.limits import Length, parse_length


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("24px", Length(24, True)),
        (" 24.5 px ", Length(24.5, True)),
        (0.02, Length(0.02, False)),
        ("0.02", Length(0.02, False)),
        (".5", Length(0.5, False)),
        ("2%", Length(0.02, False)),
        (1, Length(1, False)),
        ("3000px", Length(3000, True)),
    ],
)
def test_pixels_and_fractions(text: str | float, length: Length) -> None:
    assert parse_length(text) == length


def test_fractions_are_of_the_longer_side() -> None:
    assert parse_length("2%").pixels((720, 1280)) == pytest.approx(25.6)
    assert parse_length("24px").pixels((720, 1280)) == 24


@pytest.mark.parametrize("text", ["", "px", "24 pixels", "-3px", "1e3px", "nan", "0.1.2", "24,5px"])
def test_what_is_no_size_is_told_how_to_write_one(text: str) -> None:
    with pytest.raises(InputError, match='is no size: write pixels, as "24px"'):
        parse_length(text)


@pytest.mark.parametrize(("text", "hint"), [("24", "24px"), (400, "400px"), ("120%", "120px")])
def test_more_than_the_frame_is_probably_pixels(text: str | float, hint: str) -> None:
    with pytest.raises(InputError, match=f'more than the whole frame; for pixels write "{hint}"'):
        parse_length(text)
