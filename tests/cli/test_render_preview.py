"""rtskin render --preview: a sheet of what it will look like, and what it will take; nothing is rendered."""

from __future__ import annotations

import json
from collections import namedtuple
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.media import cv2
from rtskin.offline import estimate as estimate_module
from tests.capture.media import make_video
from tests.cli.conftest import Outcome

Rtskin = Callable[..., Outcome]
FRAMES = 60
COMMON = ("--model", "ellipse")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("preview") / "video.mp4", FRAMES, size=(96, 64), audio=True)


def test_a_sheet_and_an_estimate_and_nothing_else(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    outcome = rtskin("render", video, tmp_path / "a.mov", "--view", "alpha", "--preview", "4", "--json", *COMMON)
    assert outcome.status == 0, outcome.err
    assert [path.name for path in tmp_path.iterdir()] == ["a.mov.preview.png"]
    assert f"4 of {FRAMES} frames in {tmp_path}/a.mov.preview.png; nothing is rendered yet" in outcome.err
    assert "time, about: " in outcome.err
    assert "not enough room" not in outcome.err
    told = json.loads(outcome.out.splitlines()[-1])
    assert (told["stage"], told["frames"], told["enough"]) == ("estimate", FRAMES, True)
    assert told["masks_s"] >= 0
    assert told["output_s"] >= 0
    # Frame and picture beside each other, 160 wide and a line above.
    sheet = cv2.imread(str(tmp_path / "a.mov.preview.png"))
    tile = (20 + 107 + 8, 2 * 160 + 8)
    assert ((sheet.shape[0] - 8) % tile[0], (sheet.shape[1] - 8) % tile[1]) == (0, 0)
    assert (sheet.shape[0] // tile[0]) * (sheet.shape[1] // tile[1]) >= 4
    # The second time the first sheet is replaced.
    assert rtskin("render", video, tmp_path / "a.mov", "--preview", "1", *COMMON).status == 0


@pytest.mark.parametrize(
    ("name", "options"), [("a.mkv", ["--view", "overlay"]), ("a.mov", []), ("m.%03d.png", []), ("a.mkv", [])]
)
def test_the_estimated_room_is_about_what_it_takes(
    rtskin: Rtskin, video: Path, tmp_path: Path, name: str, options: list[str]
) -> None:
    call = ("render", video, tmp_path / name, *options, *COMMON)
    told = json.loads(rtskin(*call, "--preview", "3", "--json").out.splitlines()[-1])
    (tmp_path / f"{name}.preview.png").unlink()
    outcome = rtskin(*call, "--keep")
    assert outcome.status == 0, outcome.err
    work = tmp_path / f"{name}.work"
    masks = sum(path.stat().st_size for path in (work / "segments").glob("*.mkv"))
    files = sum(path.stat().st_size for path in tmp_path.iterdir() if path.is_file())
    assert told["mask_bytes"] == pytest.approx(masks, rel=0.3)
    assert sum(told["outputs"].values()) == pytest.approx(files, rel=0.3)


def test_the_sheet_shows_the_frames_and_what_becomes_of_them(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    """The background plays from the first frame of all: where there is no skin, both halves are the same picture."""
    outcome = rtskin(
        "render", video, tmp_path / "a.mkv", "--view", "cutout", "--background", video, "--preview", "1",
        "--sheet", tmp_path / "s.png", *COMMON,
    )  # fmt: skip
    assert outcome.status == 0, outcome.err
    sheet = cv2.imread(str(tmp_path / "s.png")).astype(int)
    left, right = (sheet[28 : 28 + 107, start : start + 160] for start in (8, 168))
    assert left.std() > 20
    assert np.abs(left - right).mean() < 4


def test_a_disk_without_room_is_said(
    rtskin: Rtskin, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(estimate_module.shutil, "disk_usage", lambda path: usage(10**6, 10**6, 1500))
    outcome = rtskin("render", video, tmp_path / "a.mkv", "--preview", "2", "--json", *COMMON)
    assert outcome.status == 0
    assert f" are needed at {tmp_path}, 1.5 kB are free" in outcome.err
    assert json.loads(outcome.out.splitlines()[-1])["enough"] is False


def test_what_cannot_be_previewed(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    (tmp_path / "mine.png").write_text("mine")
    for call, status, message in (
        (("pattern:64x48?frames=3", tmp_path / "a.mkv", "--preview", "2"), 2, "--preview needs a file as INPUT"),
        ((video, tmp_path / "a.mkv", "--sheet", tmp_path / "s.png"), 2, "add --preview 9"),
        ((video, tmp_path / "a.mkv", "--preview", "2", "--sheet", tmp_path / "s.jpg"), 2, "ends in .png"),
        ((video.parent, tmp_path / "out", "--preview", "2"), 2, "--preview: for one video only"),
        ((video, tmp_path / "a.mkv", "--preview", "2", "--sheet", tmp_path / "mine.png"), 1, "mine.png exists already"),
    ):
        outcome = rtskin("render", *call, *COMMON)
        assert (outcome.status, message in outcome.err) == (status, True), outcome.err
    assert (tmp_path / "mine.png").read_text() == "mine"
