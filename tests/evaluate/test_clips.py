"""Frames of videos as pictures without skin."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.errors import SourceError
from rtskin.evaluate.clips import ClipReader
from rtskin.evaluate.datasets import Reader, load_clip
from rtskin.evaluate.report import to_markdown
from rtskin.evaluate.run import evaluate
from rtskin.train.data.imaging import BrokenImageError
from tests.capture.media import make_video
from tests.evaluate.conftest import greedy


@pytest.fixture
def clip(tmp_path: Path) -> Path:
    return make_video(tmp_path / "street.mp4", 24)


@pytest.fixture
def pictures(clip: Path) -> list[np.ndarray]:
    with open_source(str(clip)) as source:
        return [frame.bgr.copy() for frame in source]


def test_frames_are_spread_over_the_clip(clip: Path, pictures: list[np.ndarray]) -> None:
    dataset = load_clip(clip, 4)
    assert dataset.name == "street"
    assert [item.frame for item in dataset.items] == [3, 9, 15, 21]
    with Reader() as read:
        for item in dataset.items:
            image, mask = read(item)
            assert item.frame is not None
            assert np.array_equal(image, pictures[item.frame])
            assert mask.shape == image.shape[:2]
            assert not mask.any()


def test_a_short_clip_gives_all_it_has(clip: Path) -> None:
    assert [item.frame for item in load_clip(clip, 100).items] == list(range(24))


def test_frames_may_be_asked_for_in_any_order(clip: Path, pictures: list[np.ndarray]) -> None:
    reader = ClipReader()
    try:
        for number in (5, 5, 2, 20):
            assert np.array_equal(reader.read(clip, number), pictures[number])
    finally:
        reader.close()


def test_a_frame_that_is_not_there_is_a_broken_picture(clip: Path, tmp_path: Path) -> None:
    reader = ClipReader()
    with pytest.raises(BrokenImageError, match="has 24 frames"):
        reader.read(clip, 24)
    with pytest.raises(BrokenImageError):
        reader.read(tmp_path / "no.mp4", 0)
    reader.close()


def test_what_is_no_video_is_refused(tmp_path: Path) -> None:
    (tmp_path / "a.mp4").write_bytes(b"no video")
    with pytest.raises(SourceError):
        load_clip(tmp_path / "a.mp4")


def test_a_report_says_that_frames_are_alike(clip: Path) -> None:
    text = to_markdown(evaluate([load_clip(clip, 3)], {"greedy": greedy}, draws=50))
    assert "| street | 3 | greedy | 1.000 | 100.00" in text
    assert "Frames of one clip are much alike" in text
