"""Frames by their numbers: none lost, none twice, those that cannot be decoded counted and filled in."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.capture import avio
from rtskin.capture.file import FileCapture
from rtskin.capture.table import FrameTable
from rtskin.frame import Frame
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.offline.frames import read_table
from rtskin.offline.source import NumberedFrames

from ..capture.media import make_video, rewrite
from ..matrix import corrupt


def columns(table: FrameTable) -> tuple[Any, ...]:
    return table.pts, table.duration, table.key, table.entry


def read(uri: str, first: int, last: int, **options: bool) -> tuple[list[Frame], NumberedFrames]:
    node = NumberedFrames(uri, read_table(uri), first, last, **options)
    node.open(Context())
    frames = []
    while (frame := node.read()) is not None:
        frames.append(frame)
    node.close()
    return frames, node


@pytest.mark.parametrize("name", ["a.mp4", "a.mkv", "a.h264"])
def test_a_part_is_the_same_pictures_as_of_the_whole(tmp_path: Path, name: str) -> None:
    path = make_video(tmp_path / name, 30, size=(64, 48))
    whole = list(FileCapture(path))
    part, _ = read(str(path), 11, 23)
    assert [frame.seq for frame in part] == list(range(11, 23))
    for frame in part:
        assert np.array_equal(frame.bgr, whole[frame.seq].bgr)
        assert frame.pts == whole[frame.seq].pts


def test_the_last_part_of_an_estimate_goes_to_the_end(tmp_path: Path) -> None:
    path = make_video(tmp_path / "a.h264", 30, size=(64, 48))
    table = read_table(str(path))
    shorter = FrameTable(table.time_base, *(column[:28] for column in columns(table)), timed=False)
    node = NumberedFrames(str(path), shorter, 20, 28)
    node.open(Context())
    numbers = []
    while (frame := node.read()) is not None:
        numbers.append(frame.seq)
    node.close()
    assert numbers == list(range(20, 30))


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """30 frames, of which 12 … 14 are noise that no decoder takes: each packet is a picture of its own."""
    whole = make_video(tmp_path / "whole.mov", 30, size=(64, 48), codec="png", pixels="rgb24")
    noise = np.random.default_rng(1)

    def change(number: int, data: bytes) -> bytes:
        return noise.bytes(len(data)) if 12 <= number < 15 else data

    return rewrite(whole, tmp_path / "broken.mov", change)


def test_frames_that_cannot_be_decoded_are_counted(broken: Path) -> None:
    frames, node = read(str(broken), 5, 20)
    assert [frame.seq for frame in frames] == [5, 6, 7, 8, 9, 10, 11, 15, 16, 17, 18, 19]
    assert node.lost == 3
    assert node.counters()["lost"] == 3


def test_they_show_the_picture_before_them_at_their_own_time(broken: Path) -> None:
    frames, node = read(str(broken), 5, 20, fill=True)
    assert [frame.seq for frame in frames] == list(range(5, 20))
    table = read_table(str(broken))
    assert [frame.pts for frame in frames] == table.pts[5:20].tolist()
    assert all(np.array_equal(frame.bgr, frames[6].bgr) for frame in frames[7:10])
    assert not np.array_equal(frames[10].bgr, frames[6].bgr)
    assert node.lost == 3


def test_nothing_before_the_first_picture_is_made_up(broken: Path) -> None:
    frames, node = read(str(broken), 13, 20, fill=True)
    assert [frame.seq for frame in frames] == [15, 16, 17, 18, 19]
    assert node.lost == 0


def test_images_that_cannot_be_read_keep_their_numbers(tmp_path: Path) -> None:
    for number in (3, 4, 5, 8):
        cv2.imwrite(str(tmp_path / f"a.{number:03d}.png"), np.full((4, 4, 3), number, np.uint8))
    (tmp_path / "a.004.png").write_text("no picture")
    frames, _ = read(str(tmp_path / "a.%03d.png"), 0, 4, fill=True)
    assert [(frame.seq, frame.number, frame.pts) for frame in frames] == [(0, 3, 0), (1, 4, 1), (2, 5, 2), (3, 8, 5)]
    assert frames[1].bgr.max() == 3
    part, _ = read(str(tmp_path / "a.%03d.png"), 2, 4)
    assert [frame.number for frame in part] == [5, 8]


def test_damage_looks_the_same_whatever_the_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """H.264 fills the holes of a picture from others, and how far those are depends on the number of threads."""
    path = str(corrupt(tmp_path))
    found = set()
    for processors in (1, 4):
        monkeypatch.setattr(avio, "_processors", lambda count=processors: range(count))
        frames, node = read(path, 0, 40, fill=True)
        assert (len(frames), node.lost > 0) == (40, True)
        found.add(digest(frames))
    assert len(found) == 1
    # What makes the difference is there; without that, this test would say nothing.
    assert len({digest(FileCapture(path, threads=threads)) for threads in (1, 2, 3, 4)}) > 1


def digest(frames: Iterable[Frame]) -> str:
    """Of times and pictures."""
    found = hashlib.sha256()
    for frame in frames:
        found.update(f"{frame.pts}".encode() + frame.bgr.tobytes())
    return found.hexdigest()
