"""Frames by number, and decoding that begins in the middle, on every kind of video."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.capture.file import FileCapture
from rtskin.capture.pattern import read_number
from rtskin.capture.table import frame_table
from rtskin.errors import NoFramesError
from tests.capture.media import make_sound, make_video
from tests.matrix import FRAMES, KINDS, hour, open_gop, resized, trimmed

ALL = {**KINDS, "trimmed": trimmed, "resized": resized}


@pytest.fixture(scope="module", params=list(ALL))
def video(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return ALL[request.param](tmp_path_factory.mktemp(request.param))


def pictures(source: FileCapture) -> list[tuple[int | None, list[bytes]]]:
    """pts and the bytes of every plane."""
    with source:
        return [(frame.pts, planes(frame)) for frame in source]


def planes(frame) -> list[bytes]:
    parts = frame.picture.frame.planes
    rows = [np.frombuffer(part, np.uint8).reshape(part.height, -1) for part in parts]
    deep = 2 if "10le" in frame.picture.format else 1
    return [row[:, : part.width * deep].tobytes() for row, part in zip(rows, parts, strict=True)]


def test_a_row_for_every_frame_and_the_same_pictures_from_any_of_them(video: Path) -> None:
    table, whole = frame_table(video), pictures(FileCapture(video))
    assert len(table) == len(whole)
    if table.timed:
        assert table.pts.tolist() == [pts for pts, _ in whole]
    count = len(whole)
    for first in sorted({1, 5, 11, 12, 13, 20, 24, 25, count - 8, count - 1}):
        assert pictures(FileCapture(video, first=first, last=first + 3)) == whole[first : first + 3], first
    assert pictures(FileCapture(video, first=count // 2)) == whole[count // 2 :]
    assert pictures(FileCapture(video, last=2)) == whole[:2]


@pytest.mark.parametrize(
    ("kind", "entries"),
    [
        ("plain", [0, 12, 24, 36]),
        ("single_key", [0]),
        ("intra_refresh", [0]),
        ("ten_bit_422", list(range(FRAMES))),
        ("vp9", [0, 12, 24, 36]),
        ("raw", [0]),
    ],
)
def test_where_decoding_may_begin(tmp_path: Path, kind: str, entries: list[int]) -> None:
    table = frame_table(KINDS[kind](tmp_path))
    assert np.flatnonzero(table.entry).tolist() == entries


@pytest.mark.parametrize("kind", ["open_gop", "open_gop_stream", "hevc", "mpeg2"])
def test_open_groups_are_entered_at_their_key_frames(tmp_path: Path, kind: str) -> None:
    table = frame_table(KINDS[kind](tmp_path))
    assert np.array_equal(table.entry, table.key)
    assert 3 <= table.entry.sum() <= 5


def test_decoding_begins_close_to_the_frame(tmp_path: Path) -> None:
    video = open_gop(tmp_path)
    with FileCapture(video, first=39) as source:
        assert read_number(source.read().bgr) == 39
        assert source._decoder.decoded <= 16


def test_numbers_behind_the_end(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 12)
    with (
        FileCapture(video, first=12) as source,
        pytest.raises(NoFramesError, match="between frame 12 and its end; it has 12 frames"),
    ):
        source.read()
    with FileCapture(video, first=10, last=400) as source:
        assert source.info.frames == 2
        assert [read_number(frame.bgr) for frame in source] == [10, 11]


def test_times_and_numbers_together(tmp_path: Path) -> None:
    video = make_video(tmp_path / "clip.mp4", 30)
    with FileCapture(video, start=0.5, end="18f") as source:
        assert [read_number(frame.bgr) for frame in source] == [15, 16, 17]
    with FileCapture(video, start="0:00.9", last=100) as source:
        assert [read_number(frame.bgr) for frame in source] == [27, 28, 29]


def test_a_table_of_what_is_no_video(tmp_path: Path) -> None:
    with pytest.raises(NoFramesError, match="holds no video"):
        frame_table(make_sound(tmp_path / "sound.m4a"))
    with pytest.raises(OSError, match=r"absent\.mp4"):
        frame_table(tmp_path / "absent.mp4")


def test_a_table_is_of_the_file_as_it_is_now(tmp_path: Path) -> None:
    path = tmp_path / "clip.mp4"
    assert len(frame_table(make_video(path, 10))) == 10
    assert len(frame_table(make_video(path, 12))) == 12


def test_an_hour_of_4k_at_a_frame_a_second(tmp_path: Path) -> None:
    video = hour(tmp_path)
    table = frame_table(video)
    assert (len(table), int(table.entry.sum())) == (3600, 360)
    with FileCapture(video, first=3598) as source:
        frames = list(source)
        assert source._decoder.decoded == 10
    assert [frame.time for frame in frames] == [3598.0, 3599.0]
    assert [read_number(frame.bgr) for frame in frames] == [8, 9]
