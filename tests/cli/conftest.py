"""Media and a way to call the command line in this process."""

from __future__ import annotations

import itertools
import logging
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from rtskin.capture import open_source
from rtskin.cli.main import run
from rtskin.media import av


@dataclass
class Outcome:
    """What a call left behind."""

    status: int
    out: str
    err: str


@pytest.fixture
def rtskin(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[..., Outcome]]:
    """``rtskin("render", clip, out)``: the exit status and what was printed."""

    def call(*arguments: object) -> Outcome:
        try:
            run([str(argument) for argument in arguments])
            status: int | str | None = 0
        except SystemExit as end:
            status = end.code
        printed = capsys.readouterr()
        return Outcome(int(status or 0), printed.out, printed.err)

    yield call
    logger = logging.getLogger("rtskin")
    logger.handlers, logger.propagate = [], True


@pytest.fixture
def alone() -> Callable[..., Outcome]:
    """The same in a process of its own, as people run it. For bytes that are compared: x264 was seen to encode the same
    pictures otherwise, by a few of their bits, in a process that had run hundreds of other tests."""

    def call(*arguments: object) -> Outcome:
        command = [sys.executable, "-m", "rtskin", *map(str, arguments)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
        return Outcome(done.returncode, done.stdout, done.stderr)

    return call


@pytest.fixture(scope="session")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A 160×120 video of 20 frames at 10 a second, with sound, whose first frame is at one second."""
    path = tmp_path_factory.mktemp("media") / "clip.mp4"
    with av.open(str(path), "w") as container:
        video = container.add_stream("libx264", rate=10)
        video.width, video.height, video.pix_fmt = 160, 120, "yuv420p"
        audio = container.add_stream("aac", rate=8000)
        for number, picture in enumerate(open_source("pattern:160x120@10?frames=20")):
            frame = av.VideoFrame.from_ndarray(picture.bgr, format="bgr24")
            frame.pts = 10 + number
            container.mux(video.encode(frame))
        container.mux(video.encode())
        for number in range(20):
            sound = av.AudioFrame(format="fltp", layout="mono", samples=800)
            sound.planes[0].update(bytes(3200))
            sound.sample_rate, sound.pts = 8000, 8000 + 800 * number
            container.mux(audio.encode(sound))
        container.mux(audio.encode())
    return path


def times(path: Path, frames: int | None = None) -> list[float]:
    """Seconds of every frame of a video, or of the first so many."""
    with av.open(str(path)) as container:
        return [float(frame.time) for frame in itertools.islice(container.decode(video=0), frames)]
