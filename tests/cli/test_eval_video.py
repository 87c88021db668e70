"""The verb ``rtskin eval --video``, from the command line to its files."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from rtskin.cli import eval as verb
from rtskin.errors import InputError, SinkError, UnknownNameError
from rtskin.media import av, cv2
from tests.capture.media import make_video
from tests.evaluate.video.conftest import hands, people, walls

__all__ = ["hands", "people", "walls"]


@pytest.fixture
def app() -> typer.Typer:
    app = typer.Typer()
    verb.register(app)
    app.command("other")(lambda: None)  # one verb alone would not be a group
    return app


def run(app: typer.Typer, *arguments: object) -> str:
    command = ["eval", "--video", "--models", "ellipse", *map(str, arguments)]
    result = CliRunner().invoke(app, command, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.stdout


def test_motion_clips_cuts_and_a_real_clip(app: typer.Typer, people: Path, walls: Path, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "talk.mp4", 8)
    files = [tmp_path / name for name in ("t.md", "strip.png", "beside.mp4")]
    said = json.loads(
        run(
            app, people, clip, "--skinless", walls, "--motion", 1, "--frames", 4, "--smooth", "none,adaptive",
            "--cuts", 2, "--markdown", files[0], "--strip", files[1], "--side-by-side", files[2], "--json",
        )
    )  # fmt: skip
    assert [one["kind"] for one in said["clips"]] == ["still", "real"]
    assert said["motion"]["changes"][0]["smoothing"] == "adaptive"
    assert said["cuts"]["cuts"] == 1
    assert "warping error" in files[0].read_text("utf-8")
    assert cv2.imread(str(files[1])) is not None
    with av.open(str(files[2])) as container:
        assert sum(1 for _ in container.decode(video=0)) == 8


def test_every_so_many_frames(app: typer.Typer, people: Path, walls: Path) -> None:
    """Masks that ride are not those of the network on every frame, and not far from them; the tables say which they are."""
    iou, called = {}, {}
    for every in (1, 4):
        options = ["--motion", 1, "--frames", 9, "--smooth", "none", "--cuts", 0, "--json", "--every", every]
        said = json.loads(run(app, people, "--skinless", walls, *options))
        way = said["clips"][0]["ways"][0]
        iou[every], called[every] = way["iou"], way["model"]
    assert called == {1: "ellipse", 4: "ellipse, every 4"}
    assert iou[4] != iou[1]
    assert iou[4] == pytest.approx(iou[1], abs=0.05)


def test_a_table_for_the_terminal(app: typer.Typer, tmp_path: Path) -> None:
    text = run(app, make_video(tmp_path / "talk.mp4", 4), "--smooth", "none")
    assert "warping error" in text
    assert "talk" in text


def test_what_does_not_go_together_is_refused(app: typer.Typer, people: Path, walls: Path, tmp_path: Path) -> None:
    clip = make_video(tmp_path / "talk.mp4", 4)
    with pytest.raises(InputError, match="nothing to evaluate on"):
        run(app)
    with pytest.raises(InputError, match="need backgrounds"):
        run(app, people)
    with pytest.raises(InputError, match="is no folder"):
        run(app, people, "--skinless", clip)
    with pytest.raises(InputError, match="--cuts makes its shots of a folder"):
        run(app, clip, "--cuts", 3)
    with pytest.raises(InputError, match="--hce does not go with --video"):
        run(app, clip, "--hce")
    with pytest.raises(UnknownNameError, match="did you mean adaptive"):
        run(app, clip, "--smooth", "adaptve")
    with pytest.raises(SinkError, match="there is no folder"):
        run(app, clip, "--strip", tmp_path / "no" / "s.png")
    with pytest.raises(SinkError, match="not supported"):
        run(app, clip, "--side-by-side", tmp_path / "b.gif")
    with pytest.raises(InputError, match="--strip belongs to --video"):
        CliRunner().invoke(app, ["eval", str(people), "--strip", "s.png"], catch_exceptions=False)
