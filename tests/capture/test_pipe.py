"""Videos through standard input: of this process, and once of one of its own, as people use it."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from rtskin.capture import open_source
from rtskin.capture.pattern import read_number
from rtskin.errors import InputError, NoFramesError, SourceError
from tests.capture.media import make_video

READ = """
import json
from rtskin.capture import open_source
from rtskin.capture.pattern import read_number
with open_source("-") as source:
    frames = [(read_number(frame.bgr), frame.time, frame.picture.format) for frame in source]
    print(json.dumps([frames, str(source.info.rate), source.info.color.range, source.counters()]))
"""


def y4m(path: Path, frames: int, pixels: str = "yuv420p", color_range: int = 1) -> bytes:
    """25 frames a second, as the ``yuv4mpegpipe`` of FFmpeg is."""
    strict = {"strict": "-1"}  # deep pictures are an extension of the format
    color = {"color_range": color_range}
    make_video(
        path, frames, codec="wrapped_avframe", pixels=pixels, rate=25, color=color, options=strict, container=strict
    )
    return path.read_bytes()


def through_process(data: bytes) -> list:
    command = [sys.executable, "-c", READ]
    done = subprocess.run(command, input=data, capture_output=True, timeout=300, check=False)
    assert not done.stderr, done.stderr.decode()
    return json.loads(done.stdout)


@pytest.fixture
def through_pipe(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., list]]:
    """The same within this process; ``through_pipe(data, start=0.4)``."""
    threads = []

    def call(data: bytes, **options: object) -> list:
        reading, writing = os.pipe()
        threads.append(threading.Thread(target=_pour, args=(writing, data)))
        threads[-1].start()
        with _stdin(monkeypatch, reading), open_source("-", **options) as source:
            frames = [[read_number(frame.bgr), frame.time, frame.picture.format] for frame in source]
            return [frames, str(source.info.rate), source.info.color.range, source.counters()]

    yield call
    for thread in threads:
        thread.join(timeout=60)
        assert not thread.is_alive()


def _pour(writing: int, data: bytes) -> None:
    """All of it, as far as it is taken."""
    with contextlib.suppress(BrokenPipeError), os.fdopen(writing, "wb") as pipe:
        pipe.write(data)


@pytest.mark.parametrize(
    ("pixels", "number", "color_range", "own"), [("yuv420p", 1, "tv", True), ("yuv422p10le", 2, "pc", False)]
)
def test_y4m_comes_through_with_every_frame_and_the_times_of_its_rate(
    tmp_path: Path, through_pipe: Callable[..., list], pixels: str, number: int, color_range: str, own: bool
) -> None:
    through = through_process if own else through_pipe
    frames, rate, color, counters = through(y4m(tmp_path / "clip.y4m", 30, pixels, number))
    assert [number for number, _, _ in frames] == list(range(30))
    assert [time for _, time, _ in frames] == pytest.approx([n / 25 for n in range(30)])
    assert {form for _, _, form in frames} == {pixels}
    assert (rate, color) == ("25", color_range)
    assert not any(counters.values())


def test_a_part_of_what_comes(tmp_path: Path, through_pipe: Callable[..., list]) -> None:
    data = y4m(tmp_path / "clip.y4m", 30)
    assert [row[0] for row in through_pipe(data, start=0.4, end="20f")[0]] == list(range(10, 20))
    message = "standard input has no frame between 9 s and its end; 30 frames came"
    with pytest.raises(NoFramesError, match=message):
        through_pipe(data, start=9.0)


@pytest.mark.parametrize("suffix", ["mkv", "ts"])
def test_other_streams_come_through_as_well(tmp_path: Path, through_pipe: Callable[..., list], suffix: str) -> None:
    data = make_video(tmp_path / f"clip.{suffix}", 20).read_bytes()
    assert [row[0] for row in through_pipe(data)[0]] == list(range(20))


def test_what_is_no_video_is_said(through_pipe: Callable[..., list]) -> None:
    with pytest.raises(NoFramesError, match="nothing came"):
        through_pipe(b"")
    with pytest.raises(SourceError, match="standard input is no video"):
        through_pipe(b"no video\n" * 9999)


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
