"""Folders of videos, and a video through standard input."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import typer

from rtskin.capture import open_source
from rtskin.cli.render_many import Summary, render_folder
from rtskin.cli.render_options import RenderOptions
from rtskin.errors import InputError, ModelError, SinkError, SourceError
from tests.capture.media import make_video
from tests.cli.conftest import Outcome, times
from tests.matrix import resized

Rtskin = Callable[..., Outcome]


class Calls:
    """A stand-in for rendering: writes a file, unless the video is a bad one."""

    def __init__(self, error: Exception | None = None) -> None:
        self.made: list[tuple[str, str]] = []
        self._error = error

    def __call__(self, options: RenderOptions) -> None:
        assert options.output is not None
        if "bad" in Path(options.source).name and self._error:
            raise self._error
        Path(options.output).write_text("mask")
        self.made.append((options.source, options.output))


def run(
    source: Path, target: Path | None, calls: Calls, check: Callable[..., object] = lambda options: None, **options: Any
) -> Summary:
    output = None if target is None else str(target)
    return render_folder(RenderOptions(source=str(source), output=output, **options), calls, check)


def tree(folder: Path, *names: str) -> Path:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).touch()
    return folder


def test_the_tree_is_kept_and_other_files_lie_beside(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "b.MP4", "a/c.mov", "a/d/e.mkv", "notes.txt", "a/.f.mp4", ".g/h.mp4")
    calls = Calls()
    summary = run(source, tmp_path / "out", calls)
    assert [os.path.relpath(output, tmp_path / "out") for _, output in calls.made] == ["b.mkv", "a/c.mkv", "a/d/e.mkv"]
    assert summary == Summary(rendered=3)


def test_what_is_there_is_skipped_unless_told(tmp_path: Path) -> None:
    source, out = tree(tmp_path / "in", "a.mp4", "b.mp4"), tree(tmp_path / "out", "a.mkv")
    assert run(source, out, Calls()) == Summary(rendered=1, skipped=1)
    assert (out / "a.mkv").read_text() == ""
    assert run(source, out, Calls(), overwrite=True) == Summary(rendered=2)
    assert (out / "a.mkv").read_text() == "mask"


@pytest.mark.parametrize(
    "error",
    [SourceError("bad.mp4 is no video"), InputError("stale"), PermissionError(13, "denied"), ZeroDivisionError("1/0")],
)
def test_a_bad_file_does_not_stop_the_others(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], error: Exception
) -> None:
    calls = Calls(error)
    with pytest.raises(typer.Exit) as end:
        run(tree(tmp_path / "in", "a.mp4", "bad.mp4", "c.mp4"), tmp_path / "out", calls)
    assert end.value.exit_code == 1
    assert [Path(output).name for _, output in calls.made] == ["a.mkv", "c.mkv"]
    said = capsys.readouterr().err
    assert "2 rendered, 0 skipped (there already), 1 failed" in said
    assert said.count("bad.mp4: ") == 2  # when it happened, and in the summary


def test_what_every_file_would_end_with_ends_it_before_the_first(tmp_path: Path) -> None:
    calls = Calls()

    def check(options: RenderOptions) -> None:
        assert options.output == str(tmp_path / "out" / "a.mov")
        raise ModelError("no weights")

    with pytest.raises(ModelError, match="no weights"):
        run(tree(tmp_path / "in", "a.mp4"), tmp_path / "out", calls, check, suffix=".mov")
    assert not calls.made
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--model", "no-such"], "no model is called 'no-such'"),
        (["--view", "no-such"], "no view is called 'no-such'"),
        (["--codec", "no-such"], "no codec is called 'no-such'"),
        (["--start", "soon"], "start is 'soon'"),
        (["--smooth", "no-such"], "no-such"),
        (["--background", "00ff00"], "add --view cutout"),
        (["--address", "auto"], "add --engine ray"),
    ],
)
def test_wrong_options_end_a_batch_before_the_first_file(
    rtskin: Rtskin, tmp_path: Path, options: list[str], message: str
) -> None:
    source = tree(tmp_path / "in", "a.mp4", "b.mp4")  # which are no videos, but nobody looks at them
    outcome = rtskin("render", source, tmp_path / "out", *options)
    assert outcome.status == 2, outcome.err
    assert message in outcome.err
    assert "failed" not in outcome.err
    assert not (tmp_path / "out").exists()


def test_the_stale_work_folder_of_one_video_does_not_stop_the_others(
    rtskin: Rtskin, clip: Path, tmp_path: Path
) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    source.mkdir()
    for name in ("a.mp4", "b.mp4"):
        (source / name).write_bytes(clip.read_bytes())
    (out / "a.mkv.work").mkdir(parents=True)
    (out / "a.mkv.work" / "notes.txt").write_text("mine")
    outcome = rtskin("render", source, out, "--model", "ellipse")
    assert outcome.status == 1
    assert "1 rendered, 0 skipped (there already), 1 failed" in outcome.err
    assert outcome.err.count("a.mkv.work is no work folder, it holds notes.txt") == 2
    assert len(times(out / "b.mkv")) == 20


def test_videos_that_would_become_one_file_fail_and_the_rest_is_rendered(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = Calls()
    with pytest.raises(typer.Exit):
        run(tree(tmp_path / "in", "a.mp4", "a.mov", "b.mp4"), tmp_path / "out", calls)
    assert [Path(output).name for _, output in calls.made] == ["b.mkv"]
    assert "a.mov and" in capsys.readouterr().err


def test_outputs_below_the_input_are_not_rendered_again(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.mp4")
    for _ in range(2):
        summary = run(source, source / "mattes", Calls())
    assert summary == Summary(skipped=1)
    assert not (source / "mattes/mattes").exists()


def test_work_folders_of_other_renders_are_no_videos(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.mp4", "matte.mkv.work/masks/0.mkv", "home.work/b.mp4")
    calls = Calls()
    run(source, tmp_path / "out", calls)
    assert [Path(output).name for _, output in calls.made] == ["a.mkv", "b.mkv"]


def test_options_that_name_one_file_are_refused(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.mp4")
    with pytest.raises(InputError, match="--matte and --work: for one video only"):
        run(source, tmp_path / "out", Calls(), matte="m.mkv", work=tmp_path)
    with pytest.raises(InputError, match="name a folder as OUTPUT, too"):
        run(source, None, Calls())


def test_folders_that_cannot_be(tmp_path: Path) -> None:
    source = tree(tmp_path / "in", "a.mp4")
    with pytest.raises(InputError, match="is the input folder itself"):
        run(source, tmp_path / "x/../in", Calls())
    with pytest.raises(InputError, match="begins with a dot"):
        run(source, tmp_path / "out", Calls(), suffix="mkv")
    with pytest.raises(SinkError, match="is a file"):
        run(source, source / "a.mp4", Calls())
    with pytest.raises(SourceError, match="there is no video in"):
        run(tree(tmp_path / "none", "readme.md"), tmp_path / "out", Calls())
    assert not (tmp_path / "out").exists()


def test_a_folder_by_the_command_line(rtskin: Rtskin, tmp_path: Path) -> None:
    source, out = tmp_path / "in", tmp_path / "out"
    tree(source, "bad.mp4", "sub/x")
    clip = make_video(source / "sub/clip.mp4", 6)
    outcome = rtskin("render", source, out, "--model", "ellipse", "--suffix", ".mov")
    assert outcome.status == 1, outcome.err
    assert "1 rendered, 0 skipped (there already), 1 failed" in outcome.err
    assert times(out / "sub/clip.mov") == pytest.approx(times(clip), abs=1e-6)
    assert not (out / "bad.mov").exists()
    (source / "bad.mp4").unlink()
    outcome = rtskin("render", source, out, "--suffix", ".mov")
    assert outcome.status == 0
    assert "0 rendered, 1 skipped" in outcome.err
    outcome = rtskin("render", source, out, "--suffix", ".xyz")
    assert outcome.status != 0
    assert ".xyz" in outcome.err
    assert rtskin("render", source, out, "--stats", tmp_path / "s.json").status == 2
    assert rtskin("render", clip, tmp_path / "a.mkv", "--suffix", ".mov").status == 2


def test_a_part_by_frames_and_by_the_clock(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    outcome = rtskin("render", clip, tmp_path / "a.mkv", "--model", "ellipse", "--start", "3f", "--end", "0:00.9")
    assert outcome.status == 0, outcome.err
    assert times(tmp_path / "a.mkv") == pytest.approx([1.3, 1.4, 1.5, 1.6, 1.7, 1.8], abs=1e-3)
    outcome = rtskin("render", clip, tmp_path / "b.mkv", "--start", "soon")
    assert outcome.status == 2
    assert "start is 'soon'; write seconds (12.5), a clock" in outcome.err


def test_a_video_through_standard_input(tmp_path: Path) -> None:
    y4m = make_video(tmp_path / "clip.y4m", 8, codec="wrapped_avframe")
    command = [sys.executable, "-m", "rtskin", "render", "-", str(tmp_path / "matte.mkv"), "--model", "ellipse"]
    done = subprocess.run(command, input=y4m.read_bytes(), capture_output=True, check=False, timeout=300)
    assert done.returncode == 0, done.stderr.decode()
    with open_source(tmp_path / "matte.mkv") as source:
        assert [frame.bgr.shape for frame in source] == [(96, 96, 3)] * 8


def test_a_size_that_changes_is_refused_and_its_parts_are_rendered(rtskin: Rtskin, tmp_path: Path) -> None:
    video, out = resized(tmp_path), tmp_path / "matte.mkv"
    outcome = rtskin("render", video, out, "--model", "ellipse")
    assert outcome.status == 1
    assert "from 96x96 to 128x96" in outcome.err
    assert not out.exists()
    for part, width in ((["--end", "20f"], 96), (["--start", "20f"], 128)):
        name = tmp_path / f"{width}.mkv"
        outcome = rtskin("render", video, name, "--model", "ellipse", *part)
        assert outcome.status == 0, outcome.err
        with open_source(name) as source:
            assert [frame.bgr.shape for frame in source] == [(96, width, 3)] * 20
