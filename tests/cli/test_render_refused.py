"""What cannot be rendered is said in one line, in the words of the command line, before any work."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.media import av, cv2
from tests.capture.media import make_video
from tests.cli.conftest import Outcome

Rtskin = Callable[..., Outcome]


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """clip.mp4, and shots/shot.0101.png to shot.0112.png."""
    folder = tmp_path_factory.mktemp("refused")
    make_video(folder / "clip.mp4", 20, size=(64, 48))
    (folder / "shots").mkdir()
    for number in range(101, 113):
        cv2.imwrite(str(folder / "shots" / f"shot.{number:04d}.png"), np.full((32, 48, 3), 90, np.uint8))
    return folder


@pytest.fixture
def refused(rtskin: Rtskin, place: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., str]:
    """``refused("nofile.mp4", "m.mkv")``: the only line; nothing may have been written."""
    monkeypatch.chdir(place)

    def call(*arguments: str, status: int = 2) -> str:
        before = sorted(place.rglob("*"))
        outcome = rtskin("render", *arguments)
        assert sorted(place.rglob("*")) == before
        assert outcome.status == status, outcome.err
        assert outcome.err.count("\n") == 1, outcome.err
        return outcome.err.removeprefix("rtskin: ").strip()

    return call


@pytest.mark.parametrize("output", ["out", "out/", "m.mkv", "q.avi", "m.%04d.png"])
@pytest.mark.parametrize("source", ["nofile.mp4", "nofolder", "nofolder/", "nofolder/clip.mp4"])
def test_an_input_that_is_not_there_is_what_is_said(refused: Callable[..., str], source: str, output: str) -> None:
    assert refused(source, output, status=1) == f"there is no file or folder {source.rstrip('/')}"


@pytest.mark.parametrize("output", ["out", "q.avi", "m.%04d.png"])
@pytest.mark.parametrize(
    ("source", "hint"),
    [
        ("shot.%04d.png", "the first name in this folder is clip.mp4"),
        ("shots/nix.%04d.png", "the first name in shots is shot.0101.png"),
        ("shots/*.jpg", "the first name in shots is shot.0101.png"),
        ("nofolder/shot.%04d.png", "there is no folder nofolder"),
        ("nofolder/*.png", "there is no folder nofolder"),
    ],
)
def test_a_pattern_that_matches_nothing_is_what_is_said(
    refused: Callable[..., str], source: str, hint: str, output: str
) -> None:
    assert refused(source, output, status=1) == f"no file matches {source}; {hint}"


VIDEOS = ".mp4 (H.264), .mov (ProRes), .mkv (FFV1), .webm (VP9)"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["q.avi"], f"with the view matte it may be {VIDEOS}, .%04d.png or .%04d.exr, or a folder/ of images"),
        (["q.tif"], "files that end in .tif are not written"),
        (["q"], "an output needs an ending"),
        (
            ["q.avi", "--view", "overlay"],
            "view overlay it may be .mp4 (H.264), .mov (ProRes), .mkv (H.264), .webm (VP9) or",
        ),
        (
            ["q.avi", "--view", "alpha"],
            "it may be .mov (ProRes 4444), .mkv (FFV1), .webm (VP9) or .%04d.png, or a folder/",
        ),
        (["--overlay", "q.avi"], "with the view overlay it may be .mp4"),
        (["q.png"], "e.g. q.%04d.png"),
        (["shots"], "shots is a folder; to fill it with numbered images write shots/ or"),
        (["window"], "use rtskin live --sink window"),
        (["rtmp://host/x"], "use rtskin live --sink rtmp://host/x"),
    ],
)
def test_an_output_that_cannot_be_says_which_can(refused: Callable[..., str], arguments: list[str], said: str) -> None:
    message = refused("clip.mp4", *arguments)
    assert said in message
    assert said.startswith("use rtskin live") or not any(word in message for word in ("sink", "rtsp", "camera"))


@pytest.mark.parametrize(
    ("part", "said"),
    [
        (["--start", "500f"], "no image between frame 500 and its end; it has 12: 101f to 112f, at 0.00 to 0.44 s"),
        (["--start", "5f", "--end", "20f"], "it has 12: 101f to 112f, at 0.00 to 0.44 s"),
        (["--start", "30"], "no image between 30 s and its end; it has 12: 101f to 112f, at 0.00 to 0.44 s"),
    ],
)
def test_a_part_without_images_says_which_there_are(refused: Callable[..., str], part: list[str], said: str) -> None:
    assert said in refused("shots/shot.%04d.png", "m.%04d.png", *part, status=1)


@pytest.mark.parametrize("verb", [(), ("plan", "work")])
def test_what_is_read_is_not_overwritten(refused: Callable[..., str], place: Path, verb: tuple[str, ...]) -> None:
    """Also where it has two names."""
    (place / "link.mp4").symlink_to(place / "clip.mp4")
    again = ("--overwrite", "--model", "ellipse")
    assert refused(*verb, "link.mp4", "clip.mp4", *again) == "clip.mp4 is the input itself; choose another OUTPUT"
    assert "link.mp4 is the input itself" in refused(*verb, "clip.mp4", "link.mp4", *again)
    cutout = ("shots/shot.%04d.png", "clip.mp4", "--view", "cutout", "--background", "link.mp4")
    assert "clip.mp4 is the background itself" in refused(*verb, *cutout, *again)
    assert (place / "clip.mp4").stat().st_size > 1000
    (place / "link.mp4").unlink()


def test_an_option_that_would_decide_nothing_is_no_silence(refused: Callable[..., str], place: Path) -> None:
    for outputs, option, said in (
        (["m.mkv"], ["--bits", "16"], "--bits is of PNG images (.%04d.png or a folder/), and no output is of them"),
        (["m.%04d.exr"], ["--bits", "16"], "--bits is of PNG images"),
        (["m.%04d.png"], ["--crf", "3"], "--crf is of videos, and no output is one; leave it out"),
        (["frames/"], ["--codec", "h264"], "--codec is of videos"),
        (["-"], ["--crf", "3"], "--crf is of videos"),
    ):
        assert said in refused("clip.mp4", *outputs, *option)


@pytest.mark.parametrize(
    ("option", "said"),
    [
        (["--start", "x"], "start is 'x'; write seconds (12.5)"),
        (["--start", "5", "--end", "2"], "end (2 s) must lie behind start (5 s)"),
        (["--view", "nix"], "no view is called 'nix'"),
        (["--lookahead", "77"], "--lookahead: Input should be less than or equal to 16 (got 77)"),
        (["--size", "3"], "--size: no input size is called '3'; there are: live, still, small"),
        (["--smooth", "nix"], "--smooth: no smoothing is called 'nix'"),
        (["--every", "77"], "every is a number of frames, 1 to 60"),
        (["--model", "nix"], "no model is called 'nix'"),
    ],
)
def test_an_option_that_cannot_be_is_called_as_it_was_given(
    refused: Callable[..., str], option: list[str], said: str
) -> None:
    message = refused("clip.mp4", "m.mkv", *option)
    assert said in message
    assert ".toml" not in message


def test_sound_that_does_not_fit_is_left_out_where_that_is_asked_for(
    rtskin: Rtskin, refused: Callable[..., str], place: Path, tmp_path: Path
) -> None:
    """Named in its place is only what holds that view, too."""
    source = make_video(tmp_path / "sound.mp4", 10, size=(64, 48), audio=True)
    message = refused(str(source), "a.webm", "--view", "alpha", status=1)
    assert message.endswith("aac does not fit into webm; use .mov or .mkv, or leave it out (--copies none)")
    out = tmp_path / "a.webm"
    outcome = rtskin("render", source, out, "--view", "alpha", "--copies", "none", "--model", "ellipse")
    assert outcome.status == 0, outcome.err
    with av.open(str(out)) as container:
        assert [stream.type for stream in container.streams] == ["video"]


def test_a_pattern_without_end_is_no_input(refused: Callable[..., str]) -> None:
    assert "pattern:64x48 has no end; say how long it is" in refused("pattern:64x48", "m.mkv")
