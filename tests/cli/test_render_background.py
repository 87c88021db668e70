"""rtskin render --background: a colour, an image or a video behind what is cut out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.capture import open_source
from rtskin.media import cv2
from tests.capture.media import make_video
from tests.cli.conftest import Outcome

Rtskin = Callable[..., Outcome]
COMMON = ("--model", "ellipse", "--view", "cutout", "--codec", "ffv1")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("background") / "video.mp4", 20, size=(96, 64))


def corner(path: Path, number: int = 0) -> np.ndarray:  # type: ignore[type-arg]
    """The colour (blue, green, red) in the lower right corner, where the pattern has no skin."""
    with open_source(path) as source:
        frames = list(source)
    return frames[number].bgr[-6:, -6:].astype(int).mean(axis=(0, 1))  # type: ignore[no-any-return]


def image(path: Path, bgr: tuple[int, int, int]) -> Path:
    cv2.imwrite(str(path), np.full((100, 50, 3), bgr, np.uint8))
    return path


def test_a_colour(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    outcome = rtskin("render", video, tmp_path / "a.mkv", "--background", "2060c0", *COMMON)
    assert outcome.status == 0, outcome.err
    assert np.abs(corner(tmp_path / "a.mkv") - (0xC0, 0x60, 0x20)).max() < 8


def test_an_image_of_another_shape_in_steps(
    rtskin: Rtskin, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It is found from other places too, and only the cutout stands before it."""
    image(tmp_path / "sky.png", (200, 120, 40))
    monkeypatch.chdir(tmp_path)
    planned = rtskin("render", "plan", "work", video, "a.mkv", "--matte", "m.mkv", "--background", "sky.png", *COMMON)
    assert planned.status == 0, planned.err
    monkeypatch.chdir("/")
    for step in ("work", "finish"):
        outcome = rtskin("render", step, tmp_path / "work")
        assert outcome.status == 0, outcome.err
    assert np.abs(corner(tmp_path / "a.mkv") - (200, 120, 40)).max() < 8
    assert corner(tmp_path / "m.mkv").max() == 0


def test_a_video_plays_along(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    """The background is the very clip: frame by frame the corner is its own."""
    outcome = rtskin("render", video, tmp_path / "a.mkv", "--background", video, *COMMON)
    assert outcome.status == 0, outcome.err
    for number in (0, 7, 19):
        assert np.abs(corner(tmp_path / "a.mkv", number) - corner(video, number)).max() < 3


def test_another_file_under_its_name_is_another_render(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    sky = image(tmp_path / "sky.png", (200, 120, 40))
    render = ("render", video, tmp_path / "a.mkv", "--background", sky, "--work", tmp_path / "work", *COMMON)
    assert rtskin("render", "plan", tmp_path / "work", *render[1:5], *COMMON).status == 0
    image(sky, (0, 0, 255))
    outcome = rtskin(*render)
    assert outcome.status == 2
    assert f"keeps another render, which is not complete: {sky} has changed since. Go on" in outcome.err
    assert rtskin("render", "work", tmp_path / "work").status == 0
    outcome = rtskin("render", "finish", tmp_path / "work")
    assert (outcome.status, "sky.png is not what was planned with" in outcome.err) == (2, True)
    assert not (tmp_path / "a.mkv").exists()
    image(sky, (200, 120, 40))
    assert rtskin(*render).status == 0


@pytest.mark.parametrize("verb", [("render",), ("render", "plan", "work")])
def test_what_is_no_background(
    rtskin: Rtskin, video: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.png").write_text("no image")
    for background, status, message in (
        ("none.png", 2, "none.png is neither a colour (rrggbb) nor an image or video that is there"),
        (".", 2, "neither a colour"),
        ("text.png", 1, "text.png cannot be a background, use an image or a video: "),
    ):
        outcome = rtskin(*verb, video, "a.mkv", "--background", background, *COMMON)
        assert (outcome.status, message in outcome.err) == (status, True), outcome.err
    outcome = rtskin(*verb, video, "a.mkv", "--background", "00ff00", "--model", "ellipse")
    assert (outcome.status, "add --view cutout" in outcome.err) == (2, True)
    assert [path.name for path in tmp_path.iterdir()] == ["text.png"]
