"""What is said before the work and after it: names that are taken, alpha that is lost, sources that are cut short."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.cli.render_alpha import has_alpha
from rtskin.cli.render_places import image_numbers
from rtskin.media import cv2
from tests.capture.media import cut, make_video
from tests.cli.conftest import Outcome, times

Rtskin = Callable[..., Outcome]
COMMON = ("--model", "ellipse")


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("places") / "video.mp4", 20, size=(96, 64))


def images(folder: Path, *numbers: int, channels: int = 3) -> str:
    folder.mkdir(exist_ok=True)
    for number in numbers:
        cv2.imwrite(str(folder / f"shot.{number:04d}.png"), np.full((32, 48, channels), 90, np.uint8))
    return str(folder / "shot.%04d.png")


def test_images_have_the_numbers_of_the_frames(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    """Also of a part: frame 5 is 0005, whatever came before it."""
    assert rtskin("render", video, tmp_path / "%04d.png", "--start", "5f", "--end", "8f", *COMMON).status == 0
    assert names(tmp_path) == ["0005.png", "0006.png", "0007.png"]
    assert list(image_numbers(str(video), "5f", "8f")) == [5, 6, 7]
    shots = images(tmp_path / "in", 1001, 1002, 1005)
    assert list(image_numbers(shots, "1002f", None)) == [1002, 1005]
    (tmp_path / "out").mkdir()
    assert rtskin("render", shots, tmp_path / "out" / "m.%d.png", "--start", "1002f", *COMMON).status == 0
    assert names(tmp_path / "out") == ["m.1002.png", "m.1005.png"]


def test_a_single_image_is_a_frame(rtskin: Rtskin, tmp_path: Path) -> None:
    images(tmp_path, 7)
    outcome = rtskin("render", tmp_path / "shot.0007.png", tmp_path / "m.%04d.png", *COMMON)
    assert outcome.status == 0, outcome.err
    assert names(tmp_path) == ["m.0000.png", "shot.0007.png"]


@pytest.mark.parametrize("verb", [("render",), ("render", "plan", "work")])
def test_images_that_are_there_are_refused_before_the_work(
    rtskin: Rtskin, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    for number in (7, 9, 30):
        (tmp_path / f"m{number}.png").write_text("mine")
    outcome = rtskin(*verb, video, "m%d.png", *COMMON)
    assert outcome.status == 1
    assert "m7.png exists already (and 1 more); choose another name or overwrite it" in outcome.err
    assert names(tmp_path) == ["m30.png", "m7.png", "m9.png"]
    if len(verb) == 1:
        # Others of that pattern may be there, of frames that are not rendered.
        assert rtskin(*verb, video, "m%d.png", "--end", "3f", *COMMON).status == 0
        assert rtskin(*verb, video, "m%d.png", "--overwrite", *COMMON).status == 0
        assert (tmp_path / "m30.png").read_text() == "mine"
        assert len(names(tmp_path)) == 21


@pytest.mark.parametrize("place", ["out", ".", "link"])
def test_what_is_made_is_not_removed_with_the_work_folder(
    rtskin: Rtskin, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, place: str
) -> None:
    """Nor the folder that somebody is in, nor a link to another disk."""
    folder = tmp_path / "out"
    folder.mkdir()
    (tmp_path / "link").symlink_to(folder)
    monkeypatch.chdir(folder if place == "." else tmp_path)
    for inside in (("m.mkv",), ("frames/",), ("../m.mkv", "--stats", "stats.json")):
        paths = [name if name.startswith("-") else str(folder / name) + "/" * name.endswith("/") for name in inside]
        outcome = rtskin("render", video, *paths, "--work", place, *COMMON)
        said = f"would lie in the work folder {place}, which is removed in the end; choose another folder with --work"
        assert (outcome.status, said in outcome.err) == (2, True), outcome.err
        assert not list(folder.iterdir())
    assert rtskin("render", video, tmp_path / "m.mkv", "--work", place, *COMMON).status == 0
    assert names(tmp_path) == (["link", "m.mkv"] if place == "out" else ["link", "m.mkv", "out"])
    assert place == "out" or not list(folder.iterdir())


def test_alpha_of_the_source_that_is_lost_is_said(rtskin: Rtskin, tmp_path: Path) -> None:
    said = "is left out: what was transparent is shown as if it were not"
    clear, plain = images(tmp_path / "clear", 1, 2, channels=4), images(tmp_path / "plain", 1, 2)
    movie = make_video(tmp_path / "a.mov", 3, size=(64, 48), codec="png", pixels="rgba")
    assert [has_alpha(one) for one in (clear, plain, str(movie))] == [True, False, True]
    for source, view, warned in (
        (clear, "overlay", 1),
        (clear, "matte", 0),
        (plain, "overlay", 0),
        (movie, "alpha", 1),
    ):
        out = tmp_path / "out.mkv"
        outcome = rtskin("render", source, out, "--view", view, "--overwrite", *COMMON)
        assert outcome.status == 0, outcome.err
        assert outcome.err.count(said) == warned


def test_a_source_that_is_cut_short_is_rendered_as_far_as_it_goes_and_said_plainly(
    rtskin: Rtskin, tmp_path: Path
) -> None:
    """The frames that there are have their masks, so it is no failure."""
    whole = make_video(tmp_path / "whole.mkv", 60, size=(96, 64))
    part = cut(whole, tmp_path / "part.mkv", 0.6)
    for source, short in ((whole, False), (part, True)):
        out = tmp_path / f"{source.stem}.matte.mkv"
        outcome = rtskin("render", source, out, "--json", *COMMON)
        assert outcome.status == 0, outcome.err
        assert (f"{source} is cut short: it ends after " in outcome.err) is short
        told = json.loads(outcome.out.splitlines()[-1])
        assert (told["stage"], told["cut"]) == ("done", short)
        assert len(times(out)) == told["frames"]
        assert 20 < told["frames"] < 60 or not short
