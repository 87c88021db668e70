"""What is said while a video is rendered: each thing once, and different things each."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.capture.media import cut, make_video
from tests.cli.conftest import Outcome
from tests.matrix import corrupt

Rtskin = Callable[..., Outcome]
COMMON = ("--model", "ellipse", "--segment", "20")


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("told") / "whole.mkv", 60, size=(96, 64))


def about(outcome: Outcome, words: str) -> list[str]:
    return [line for line in outcome.err.splitlines() if words in line]


def test_an_input_that_is_cut_short_is_said_once(rtskin: Rtskin, whole: Path, tmp_path: Path) -> None:
    """By whatever pass, and for however many segments; where it ends, too, if that was seen."""
    part, work, out = cut(whole, tmp_path / "part.mkv", 0.6), tmp_path / "work", tmp_path / "m.mkv"
    said = f"rtskin: {part} is cut short{{}}there is more of it than could be rendered"
    outcome = rtskin("render", part, tmp_path / "at-once.mkv", *COMMON)
    (line,) = about(outcome, "cut short")
    ends = line[line.index(": it ends after") : line.index("there is more")]
    assert re.fullmatch(r": it ends after \d\.\d\d s; ", ends)
    assert line == said.format(ends)
    assert rtskin("render", "plan", work, part, out, *COMMON).status == 0
    assert about(rtskin("render", "work", work), "cut short") == [f"rtskin: part.mkv is cut short{ends[:-2]}"]
    assert about(rtskin("render", "finish", work), "cut short") == [said.format(ends)]
    assert about(rtskin("render", "finish", work), "cut short") == [said.format(": ")], "it is complete already"


def test_frames_that_are_lost_are_counted_once(rtskin: Rtskin, tmp_path: Path) -> None:
    """Not by each segment, of which two may have looked at the same one."""
    path = corrupt(tmp_path)
    outcome = rtskin("render", path, tmp_path / "m.mkv", *COMMON)
    assert about(outcome, " decoded, the first at") == [
        f"rtskin: 2 frames of {path} could not be decoded, the first at 0.63 s; they show the picture and the mask before"
    ]


def test_a_background_that_is_cut_short_is_said_beside_it(rtskin: Rtskin, whole: Path, tmp_path: Path) -> None:
    """Also where it is called as the input is."""
    (tmp_path / "beach").mkdir()
    part, other = cut(whole, tmp_path / "part.mkv", 0.6), cut(whole, tmp_path / "beach" / "part.mkv", 0.3)
    outcome = rtskin("render", part, tmp_path / "c.mkv", "--view", "cutout", "--background", other, *COMMON)
    lines = about(outcome, "cut short")
    assert [line.partition(": it ends")[0] for line in lines] == [
        "rtskin: part.mkv is cut short",
        f"rtskin: {part} is cut short",
    ], outcome.err
    assert lines[0].partition("after")[2] < lines[1].partition("after")[2]
