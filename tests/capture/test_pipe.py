"""Videos through standard input, in a process of their own."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from rtskin.capture import open_source
from rtskin.capture.pattern import read_number
from rtskin.errors import InputError
from tests.capture.media import make_video

READ = """
import json, sys
from rtskin.capture import open_source
from rtskin.capture.pattern import read_number
from rtskin.errors import RtskinError
try:
    with open_source("-", **json.loads(sys.argv[1])) as source:
        frames = [(read_number(frame.bgr), frame.time, frame.picture.format) for frame in source]
        print(json.dumps([frames, str(source.info.rate), source.info.color.range, source.counters()]))
except RtskinError as error:
    print(json.dumps([type(error).__name__, str(error)]))
"""


def y4m(path: Path, frames: int, pixels: str = "yuv420p", color_range: int = 1) -> bytes:
    """25 frames a second, as the ``yuv4mpegpipe`` of FFmpeg is."""
    strict = {"strict": "-1"}  # deep pictures are an extension of the format
    color = {"color_range": color_range}
    make_video(
        path, frames, codec="wrapped_avframe", pixels=pixels, rate=25, color=color, options=strict, container=strict
    )
    return path.read_bytes()


def through_pipe(data: bytes, **options: object) -> list:
    command = [sys.executable, "-c", READ, json.dumps(options)]
    done = subprocess.run(command, input=data, capture_output=True, timeout=300, check=False)
    assert not done.stderr, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.mark.parametrize(("pixels", "number", "color_range"), [("yuv420p", 1, "tv"), ("yuv422p10le", 2, "pc")])
def test_y4m_comes_through_with_every_frame_and_the_times_of_its_rate(
    tmp_path: Path, pixels: str, number: int, color_range: str
) -> None:
    frames, rate, color, counters = through_pipe(y4m(tmp_path / "clip.y4m", 30, pixels, number))
    assert [number for number, _, _ in frames] == list(range(30))
    assert [time for _, time, _ in frames] == pytest.approx([n / 25 for n in range(30)])
    assert {form for _, _, form in frames} == {pixels}
    assert (rate, color) == ("25", color_range)
    assert not any(counters.values())


def test_a_part_of_what_comes(tmp_path: Path) -> None:
    data = y4m(tmp_path / "clip.y4m", 30)
    assert [row[0] for row in through_pipe(data, start=0.4, end="20f")[0]] == list(range(10, 20))
    assert through_pipe(data, start=9.0) == [
        "NoFramesError",
        "standard input has no frame between 9 s and its end; 30 frames came",
    ]


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_other_streams_come_through_as_well(tmp_path: Path, suffix: str) -> None:
    data = make_video(tmp_path / f"clip.{suffix}", 20).read_bytes()
    assert [row[0] for row in through_pipe(data)[0]] == list(range(20))


def test_what_is_no_video_is_said() -> None:
    kind, message = through_pipe(b"")
    assert kind == "NoFramesError"
    assert "nothing came" in message
    kind, message = through_pipe(b"no video\n" * 9999)
    assert kind == "SourceError"
    assert "standard input is no video" in message


def test_a_terminal_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    with _stdin(monkeypatch, os.openpty()[1]), pytest.raises(InputError, match="is a terminal"):
        open_source("-")


def test_interrupt_ends_the_wait_for_a_writer_that_says_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = y4m(tmp_path / "clip.y4m", 12)
    reading, writing = os.pipe()
    threading.Thread(target=os.write, args=(writing, data), daemon=True).start()
    with _stdin(monkeypatch, reading), open_source("-") as source:
        got = [read_number(source.read().bgr) for _ in range(5)]
        threading.Timer(0.5, source.interrupt).start()
        while source.read() is not None:
            pass
        assert source.read() is None
    assert got == list(range(5))
    os.close(writing)


class _stdin:  # noqa: N801
    """Another file descriptor as standard input."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, descriptor: int) -> None:
        self._file = os.fdopen(descriptor, "rb")
        monkeypatch.setattr(sys, "stdin", self._file)

    def __enter__(self) -> None:
        pass

    def __exit__(self, *_: object) -> None:
        self._file.close()
