"""Timecodes."""

from __future__ import annotations

from fractions import Fraction

import pytest

from rtskin.render.outputs.timecode import advanced

NTSC = Fraction(30000, 1001)


@pytest.mark.parametrize(
    ("code", "frames", "rate", "expected"),
    [
        ("10:00:00:00", 25, Fraction(25), "10:00:01:00"),
        ("01:00:00:23", 1, Fraction(24000, 1001), "01:00:01:00"),
        ("23:59:59:24", 1, Fraction(25), "00:00:00:00"),
        # SMPTE ST 12-1: two numbers are dropped every minute, but not every tenth.
        ("00:00:59;29", 1, NTSC, "00:01:00;02"),
        ("00:09:59;29", 1, NTSC, "00:10:00;00"),
        ("00:00:00;00", 17982, NTSC, "00:10:00;00"),
        ("00:00:00;00", 107892, NTSC, "01:00:00;00"),
        ("00:00:59;59", 1, 2 * NTSC, "00:01:00;04"),
        ("00:00:59:29", 1, NTSC, "00:01:00:00"),
    ],
)
def test_a_timecode_goes_on(code: str, frames: int, rate: Fraction, expected: str) -> None:
    assert advanced(code, frames, rate) == expected


def test_an_hour_of_dropped_frames_in_steps_and_at_once() -> None:
    code = "00:00:00;00"
    for number in range(1, 20_000):
        code = advanced(code, 1, NTSC) or ""
        assert code == advanced("00:00:00;00", number, NTSC)
        # The dropped names never come.
        assert not (code.endswith(("00;00", "00;01")) and code[4] != "0")


def test_what_is_no_timecode() -> None:
    assert advanced("yesterday", 1, NTSC) is None
