"""What plays behind a cutout: by time, from lap to lap, also after a jump."""

from __future__ import annotations

from pathlib import Path

import pytest

from rtskin.capture.file import FileCapture
from rtskin.capture.pattern import read_number
from rtskin.errors import SourceError
from rtskin.frame import Frame
from rtskin.render.playback import Playback

from ..capture.media import make_sound, make_video

#: Frames, and frames a second, of the clip.
FRAMES, RATE = 45, 15


@pytest.fixture(scope="module")
def clip(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("playback") / "clip.mp4", FRAMES, rate=RATE)


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """The seq of every frame that is given by a file."""
    seen: list[int] = []
    real = FileCapture.read

    def counted(self: FileCapture) -> Frame | None:
        frame = real(self)
        if frame is not None:
            seen.append(frame.seq)
        return frame

    monkeypatch.setattr(FileCapture, "read", counted)
    return seen


def test_it_plays_by_time_and_begins_again(clip: Path) -> None:
    playback = Playback(clip)
    for step in range(0, 3 * FRAMES, 2):
        assert read_number(playback.at(step / RATE + 0.001).bgr) == step % FRAMES
    playback.close()


@pytest.mark.parametrize("start", [0, 21, 44])
@pytest.mark.parametrize("ahead", [42, 76, 1500, 540_004, 15_000_009])
def test_a_jump_in_time_shows_the_frame_of_that_time_without_all_the_laps_between(
    clip: Path, read: list[int], start: int, ahead: int
) -> None:
    playback, middle = Playback(clip), 0.5 / RATE  # of a frame's time
    playback.at(start / RATE + middle)
    read.clear()
    shown = playback.at((start + ahead) / RATE + middle)
    assert read_number(shown.bgr) == (start + ahead) % FRAMES
    assert len(read) <= 3 + 2 * RATE  # what is less than two seconds ahead is decoded
    following = playback.at((start + ahead + 1) / RATE + middle)
    assert read_number(following.bgr) == (start + ahead + 1) % FRAMES
    playback.close()


def test_a_picture_stays_and_what_holds_none_is_refused(tmp_path: Path, read: list[int]) -> None:
    one = make_video(tmp_path / "one.mp4", 1)
    playback = Playback(one)
    assert playback.at(1e6) is playback.at(0)
    playback.close()
    make_sound(tmp_path / "sound.mp4")
    with pytest.raises(SourceError):
        Playback(tmp_path / "sound.mp4")
