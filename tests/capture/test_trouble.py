"""Files that are not what they should be, or do not stay what they were."""

from __future__ import annotations

import logging
import os
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.capture.file import FileCapture
from rtskin.capture.pattern import read_number
from rtskin.capture.table import frame_table
from rtskin.errors import InputError, NoFramesError, SourceError
from rtskin.media import av
from tests.capture.media import make_video, rewrite
from tests.matrix import interlaced, resized, starts_late

_NOISE = np.random.default_rng(3).integers(0, 256, 100_000, dtype=np.uint8).tobytes()


def damaged(folder: Path, packets: range) -> Path:
    """30 frames on their own each, those of which are noise that no decoder takes."""
    whole = make_video(folder / "whole.mov", 30, codec="png", pixels="rgb24")
    return rewrite(whole, folder / "damaged.mov", lambda n, data: _NOISE[: len(data)] if n in packets else data)


def test_frames_that_cannot_be_decoded_are_counted_and_said(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path = damaged(tmp_path, range(12, 17))
    with caplog.at_level(logging.WARNING), open_source(path) as source:
        got = [read_number(frame.bgr) for frame in source]
        counters = source.counters()
    assert got == [*range(12), *range(17, 30)]
    assert (counters["lost"], counters["damaged"]) == (5, 5)
    assert "damaged.mov: 5 frames cannot be decoded, the first at 0.40 s" in caplog.text
    assert len(frame_table(path)) == 30


@pytest.mark.parametrize(("packets", "lost"), [(range(4), 4), (range(26, 30), 4)])
def test_losses_at_either_end_count_too(tmp_path: Path, packets: range, lost: int) -> None:
    with open_source(damaged(tmp_path, packets)) as source:
        assert len(list(source)) == 30 - lost
        assert source.counters()["lost"] == lost
    with FileCapture(damaged(tmp_path, range(4)), first=2, last=9) as source:
        assert [read_number(frame.bgr) for frame in source] == [4, 5, 6, 7, 8]
        assert source.counters()["lost"] == 2


def test_only_what_was_asked_for_counts_as_lost(tmp_path: Path) -> None:
    path = damaged(tmp_path, range(12, 17))
    for first, last, lost in ((0, 12, 0), (10, 14, 2), (13, 15, 2), (16, 30, 1), (17, 30, 0), (0, 17, 5)):
        with FileCapture(path, first=first, last=last) as source:
            assert len(list(source)) == last - first - lost, (first, last)
            assert source.counters()["lost"] == lost, (first, last)


def test_h264_lost_between_others_is_counted(tmp_path: Path) -> None:
    """With B-frames, and counted once each."""
    whole = make_video(tmp_path / "whole.mp4", 60, options={"bf": "2"})
    path = rewrite(whole, tmp_path / "damaged.mp4", lambda n, data: bytes(len(data)) if n in range(20, 30) else data)
    with open_source(path) as source:
        got = [frame.pts for frame in source]
        lost = source.counters()["lost"]
    assert len(got) + lost == 60
    assert lost >= 5


def test_a_number_of_threads_that_is_none(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="1 thread or more, not 0"):
        FileCapture(make_video(tmp_path / "clip.mkv", 2), threads=0)


def test_a_file_that_grows_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mkv", 12)
    with open_source(path) as source:
        assert source.read() is not None
        with path.open("ab") as file:
            file.write(bytes(1000))
        with pytest.raises(SourceError, match=r"clip\.mkv grew from \d+ to \d+ bytes while it was read; wait"):
            list(source)
        assert source.read() is None


def test_a_part_of_a_file_that_changes_is_an_error_too(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mkv", 12)
    data = path.read_bytes()
    with FileCapture(path, first=2, last=4) as source:
        path.write_bytes(data[:-1])
        with pytest.raises(SourceError, match="shrank"):
            list(source)
    path.write_bytes(data)
    with FileCapture(path, first=2, last=4) as source:
        path.write_bytes(data[:-4] + b"else")
        with pytest.raises(SourceError, match="was written to"):
            list(source)
    path.write_bytes(data)
    with open_source(path) as source:
        (tmp_path / "other.mkv").write_bytes(data)
        os.replace(tmp_path / "other.mkv", path)
        with pytest.raises(SourceError, match="was replaced"):
            list(source)
    with open_source(path) as source:
        path.unlink()
        with pytest.raises(SourceError, match="is gone since it was opened"):
            list(source)


def test_a_new_date_alone_is_no_change(tmp_path: Path) -> None:
    path = make_video(tmp_path / "clip.mkv", 12)
    with open_source(path) as source:
        os.utime(path, (1, 1))
        assert len(list(source)) == 12


def test_a_size_that_changes_is_said_and_every_frame_has_its_own(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = resized(tmp_path)
    with caplog.at_level(logging.WARNING), open_source(path) as source:
        frames = list(source)
        assert source.counters()["resized"] == 1
    assert [frame.bgr.shape for frame in frames] == [(96, 96, 3)] * 20 + [(96, 128, 3)] * 20
    assert [read_number(frame.bgr) for frame in frames] == [*range(20), *range(20)]
    assert "resized.ts changes its size from 96×96 to 128×96 at 0.7" in caplog.text


def test_interlaced_video_is_said_once(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), open_source(interlaced(tmp_path)) as source:
        assert [read_number(frame.bgr) for frame in source] == list(range(40))
    assert caplog.text.count("is interlaced: each mask is of both fields") == 1


@pytest.mark.parametrize("suffix", ["mp4", "mkv", "mov", "avi"])
def test_a_container_without_a_frame_is_refused(tmp_path: Path, suffix: str) -> None:
    path = tmp_path / f"none.{suffix}"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("mpeg4", rate=25)
        stream.width, stream.height, stream.pix_fmt = 96, 96, "yuv420p"
        container.start_encoding()
    with pytest.raises((NoFramesError, SourceError), match=rf"none\.{suffix}"):
        open_source(path)


def test_8k_frames_come_whole(tmp_path: Path) -> None:
    path = tmp_path / "large.mp4"
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=25, options={"preset": "ultrafast"})
        stream.width, stream.height, stream.pix_fmt = 7680, 4320, "yuv420p"
        picture = av.VideoFrame(7680, 4320, "yuv420p")
        for plane, value in zip(picture.planes, (200, 128, 128), strict=True):
            np.frombuffer(plane, np.uint8)[:] = value
        container.mux(stream.encode(picture))
        container.mux(stream.encode(None))
    with open_source(path) as source:
        frame = source.read()
        assert (source.info.width, source.info.height) == (7680, 4320)
    assert frame.bgr.shape == (4320, 7680, 3)
    assert np.abs(frame.bgr[::400, ::400].astype(int) - 214).max() <= 2  # (200 - 16) · 255 / 219


def test_a_span_of_seconds_counts_from_the_first_frame(tmp_path: Path) -> None:
    path = starts_late(tmp_path)
    for start, number in (("0.5", 15), ("0:00.5", 15), ("15f", 15)):
        with open_source(path, start=start) as source:
            assert read_number(source.read().bgr) == number
