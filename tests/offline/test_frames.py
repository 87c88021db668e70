"""Frame tables of files and of images, parts of them, and the way to disk and back."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture.table import FrameTable
from rtskin.errors import InputError, NoFramesError
from rtskin.media import cv2
from rtskin.offline.frames import from_bytes, number_of, part_of, read_table, to_bytes

from ..capture.media import make_video


@pytest.fixture
def video(tmp_path: Path) -> str:
    """Ten frames a second from 0.7 s on, 30 of them."""
    pts = [700 + 100 * number for number in range(30)]
    return str(make_video(tmp_path / "late.mp4", 30, size=(64, 48), pts=pts, time_base=Fraction(1, 1000)))


@pytest.fixture
def images(tmp_path: Path) -> str:
    for number in (3, 4, 7):
        cv2.imwrite(str(tmp_path / f"a.{number:03d}.png"), np.zeros((4, 4, 3), np.uint8))
    return str(tmp_path / "a.%03d.png")


def test_a_part_by_seconds_counted_from_the_first_frame_or_by_frames(video: str) -> None:
    table = read_table(video)
    assert part_of(video, table, None, None) == (0, 30)
    assert part_of(video, table, 0.3, 0.6) == (3, 6)
    assert part_of(video, table, 0.31, None) == (4, 30)
    assert part_of(video, table, "5f", "9f") == (5, 9)
    with pytest.raises(NoFramesError, match=r"between 5 s and its end; the last one, number 29, is at 2\.90 s"):
        part_of(video, table, 5.0, None)


def test_a_raw_stream_has_no_times_so_that_its_parts_are_named_by_frames(tmp_path: Path) -> None:
    path = str(make_video(tmp_path / "raw.h264", 25, size=(64, 48)))
    table = read_table(path)
    assert not table.timed
    assert part_of(path, table, "5f", None) == (5, 25)
    with pytest.raises(InputError, match="no times of its own"):
        part_of(path, table, 0.2, None)


def test_images_keep_their_gaps_and_numbers(images: str) -> None:
    table = read_table(images)
    assert table.pts.tolist() == [0, 1, 4]
    assert part_of(images, table, "4f", None) == (1, 3)


@pytest.mark.parametrize("timed", [True, False])
def test_it_comes_back_from_its_bytes(timed: bool) -> None:
    some = np.array([True, False])
    table = FrameTable(Fraction(1, 30), np.array([5, 7]), np.array([2, 0]), some, ~some, timed)
    again = from_bytes(to_bytes(table), Fraction(1, 30), timed)
    assert (again.timed, again.time_base) == (timed, Fraction(1, 30))
    for name in ("pts", "duration", "key", "entry"):
        assert np.array_equal(getattr(again, name), getattr(table, name))
    assert to_bytes(again) == to_bytes(table)


def test_a_frame_is_found_by_its_time(video: str) -> None:
    table = read_table(video)
    assert [number_of(table, int(pts)) for pts in table.pts] == list(range(30))
    assert number_of(table, int(table.pts[3]) + 1) is None
    assert number_of(table, 10**12) is None


def test_what_is_made_while_it_is_read_has_no_table() -> None:
    with pytest.raises(InputError, match="not a file"):
        read_table("pattern:64x48")
