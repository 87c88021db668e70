"""The frame table says without decoding what decoding gives."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

from rtskin.errors import InputError, NoFramesError, SourceError
from rtskin.media import av, cv2
from rtskin.offline.frames import FrameTable, read_table

from ..capture.media import make_sound, make_video


VFR = [0, 100, 350, 360, 900, 1000, 1010, 2000, *range(2100, 4300, 100)]


def decoded_pts(path: Path) -> list[int]:
    with av.open(str(path)) as container:
        return [frame.pts for frame in container.decode(video=0)]


@pytest.mark.parametrize(
    ("name", "fields"),
    [
        ("b.mp4", {}),
        ("b.mkv", {}),
        ("vfr.mp4", {"pts": VFR, "time_base": Fraction(1, 1000)}),
        ("late.mp4", {"pts": [700 + 40 * number for number in range(30)], "time_base": Fraction(1, 1000)}),
        ("vp9.webm", {"codec": "libvpx-vp9", "options": {"deadline": "realtime", "cpu-used": "8"}}),
        ("vp8.webm", {"codec": "libvpx", "options": {"auto-alt-ref": "1", "lag-in-frames": "10"}}),
    ],
)  # fmt: skip
def test_times_are_those_of_the_decoded_frames(tmp_path: Path, name: str, fields: dict) -> None:  # type: ignore[type-arg]
    path = make_video(tmp_path / name, 30, size=(64, 48), **fields)
    table = read_table(str(path))
    assert table.timed
    assert table.rows[:, 0].tolist() == decoded_pts(path)
    assert table.rows[0, 2] == 1
    assert [table.number_of(pts) for pts in decoded_pts(path)] == list(range(30))
    assert table.number_of(10**9) is None


def test_a_raw_stream_has_no_times_and_is_counted(tmp_path: Path) -> None:
    table = read_table(str(make_video(tmp_path / "raw.h264", 25, size=(64, 48))))
    assert not table.timed
    assert len(table) == 25
    with pytest.raises(InputError, match="no times of its own"):
        table.part(0.2, None)


def test_images_keep_their_gaps(tmp_path: Path) -> None:
    for number in (3, 4, 7):
        cv2.imwrite(str(tmp_path / f"a.{number:03d}.png"), np.zeros((4, 4, 3), np.uint8))
    assert read_table(str(tmp_path / "a.%03d.png")).rows[:, 0].tolist() == [0, 1, 4]


def test_a_part_by_seconds() -> None:
    rows = np.array([[100 + 10 * number, 10, 0] for number in range(10)], np.int64)
    table = FrameTable(rows, Fraction(1, 100), True)
    assert table.part(None, None) == (0, 10)
    assert table.part(0.3, 0.6) == (3, 6)
    assert table.part(0.31, None) == (4, 10)
    with pytest.raises(NoFramesError, match=r"between 5 s and its end.*0\.90 s"):
        table.part(5, None)


def test_it_comes_back_from_its_bytes() -> None:
    table = FrameTable(np.array([[5, 2, 1], [7, 0, 0]], np.int64), Fraction(1, 30), True)
    again = FrameTable.from_bytes(table.to_bytes(), Fraction(1, 30), True)
    assert np.array_equal(again.rows, table.rows)
    assert again.to_bytes() == table.to_bytes()


def test_what_has_no_frames_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="not a file"):
        read_table("pattern:64x48")
    with pytest.raises(NoFramesError, match="holds no video, only audio"):
        read_table(str(make_sound(tmp_path / "a.m4a")))
    (tmp_path / "text.mp4").write_text("no video")
    with pytest.raises(SourceError, match="cannot be read as a video"):
        read_table(str(tmp_path / "text.mp4"))
