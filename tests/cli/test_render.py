"""rtskin render as people and schedulers use it: several outputs, several workers, killed and gone on with."""

from __future__ import annotations

import hashlib
import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.capture.media import make_video
from tests.cli.conftest import Outcome, times

Rtskin = Callable[..., Outcome]
FRAMES = 60
#: What every call here has in common: three segments, no network.
COMMON = ("--model", "ellipse", "--segment", "20")
OVERLAY = (*COMMON, "--view", "overlay")


@pytest.fixture(scope="module")
def video(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_video(tmp_path_factory.mktemp("render") / "video.mp4", FRAMES, size=(96, 64), audio=True)


@pytest.fixture(scope="module")
def wanted(video: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The digest of the file that an undisturbed run writes."""
    out = tmp_path_factory.mktemp("wanted") / "out.mp4"
    process = started(video, out)
    assert process.wait(timeout=600) == 0, process.communicate()[1]
    return digest(out)


def started(*arguments: object) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "rtskin", "render", *map(str, arguments), *OVERLAY]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def wait_for(pattern: str, folder: Path, process: subprocess.Popen[str]) -> None:
    while process.poll() is None and not list(folder.glob(pattern)):
        time.sleep(0.005)


def test_two_outputs_from_one_pass(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    outs = [tmp_path / "m.mkv", tmp_path / "o.mp4"]
    outcome = rtskin("render", video, "--matte", outs[0], "--overlay", outs[1], *COMMON)
    assert outcome.status == 0, outcome.err
    assert [len(times(out)) for out in outs] == [FRAMES, FRAMES]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["m.mkv", "o.mp4"]
    assert f"{FRAMES} frames in {outs[0]}, {outs[1]}" in outcome.err
    outcome = rtskin("render", video, outs[0], "--overlay", outs[0], "--overwrite", *COMMON)
    assert (outcome.status, "named as two outputs" in outcome.err) == (2, True)


def test_progress_as_lines_of_json(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    outcome = rtskin("render", video, tmp_path / "m.mkv", "--json", *COMMON)
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert {line["stage"] for line in lines} == {"masks", "output", "done"}
    ends = [line for line in lines if line.get("frames") == FRAMES]
    assert {"masks", "output"} <= {line["stage"] for line in ends}
    assert {"stage", "frames", "total", "fps", "left_s"} == set(ends[0])
    assert lines[-1] == {
        "stage": "done",
        "frames": FRAMES,
        "held": 0,
        "cut": False,
        "outputs": [str(tmp_path / "m.mkv")],
    }


def test_in_steps_and_by_several_workers_it_is_the_same_file(
    alone: Rtskin, video: Path, tmp_path: Path, wanted: str
) -> None:
    work, out = tmp_path / "work", tmp_path / "out.mp4"
    planned = alone("render", "plan", work, video, out, *COMMON, "--view", "overlay")
    assert planned.status == 0, planned.err
    assert f"{FRAMES} frames in 3 segments" in planned.err
    early = alone("render", "finish", work)
    assert (early.status, "3 of 3 segments" in early.err) == (2, True)
    done = alone("render", "work", work, "--jobs", "2")
    assert done.status == 0, done.err
    assert "3 segments done" in done.err
    assert alone("render", "finish", work).status == 0
    assert digest(out) == wanted


def test_another_render_does_not_go_on_with_what_is_there(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    out, work = tmp_path / "out.mp4", tmp_path / "work"
    assert rtskin("render", "plan", work, video, out, *COMMON).status == 0
    outcome = rtskin("render", video, out, *COMMON, "--smooth", "none", "--skip", "--work", work)
    assert outcome.status == 2
    assert "--smooth was not given, is none now; --skip was not given, is on now. Go on with that one" in outcome.err
    assert not any(key in outcome.err for key in ("pipeline.", "options.", "segments."))
    assert not out.exists()


def test_with_overwrite_another_render_begins_afresh(alone: Rtskin, video: Path, tmp_path: Path, wanted: str) -> None:
    """What was done of the first is gone, and the file is that of a run without any past."""
    out, work = tmp_path / "out.mp4", tmp_path / "out.mp4.work"
    assert alone("render", "plan", work, video, out, *COMMON, "--view", "cutout", "--lookahead", "1").status == 0
    assert alone("render", "work", work).status == 0
    again = alone("render", video, out, *COMMON, "--view", "overlay", "--overwrite")
    assert again.status == 0, again.err
    assert f"begun afresh: the render that was kept in {work}" in again.err
    assert "--view was cutout, is overlay now; --lookahead was 1, is not given now" in again.err
    assert digest(out) == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


def test_what_is_kept_is_called_what_it_is(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    """And the ways out are those of the verb."""
    out, work = tmp_path / "out.mkv", tmp_path / "out.mkv.work"
    assert rtskin("render", video, out, *COMMON, "--keep").status == 0
    out.unlink()
    overwrite, other = "begin afresh with --overwrite, or choose another folder", [*COMMON, "--smooth", "none"]
    kept = f"{work} keeps another render, which is complete: --smooth was not given, is none now. To make this one, "
    outcome = rtskin("render", video, out, *other)
    assert (outcome.status, outcome.err) == (2, f"rtskin: {kept}{overwrite} with --work\n")
    outcome = rtskin("render", "plan", work, video, out, *other)
    assert (outcome.status, outcome.err) == (2, f"rtskin: {kept}{overwrite}\n")
    (work / "manifest.json").write_text("{}")
    damaged = (
        f"the render that is kept in {work} cannot be gone on with: it is damaged, or of another version of rtskin"
    )
    assert rtskin("render", video, out, *COMMON).err == f"rtskin: {damaged}; {overwrite} with --work\n"
    assert rtskin("render", "plan", work, video, out, *COMMON).err == f"rtskin: {damaged}; {overwrite}\n"
    for step in ("work", "finish"):
        assert "plan anew with --overwrite, or in another folder" in rtskin("render", step, work).err
    again = rtskin("render", "plan", work, video, out, *COMMON, "--overwrite")
    assert (again.status, "begun afresh: the render that was kept in" in again.err) == (0, True)
    (work / "notes.txt").touch()
    strange = f"rtskin: {work} is no work folder, it holds notes.txt; choose another folder"
    assert rtskin("render", "plan", work, video, out, *COMMON).err == f"{strange}\n"
    assert rtskin("render", video, out, *COMMON).err == f"{strange} with --work\n"


def test_with_overwrite_the_same_render_is_gone_on_with(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    """Also where it was stopped before there was anything to overwrite."""
    out, work = tmp_path / "out.mkv", tmp_path / "out.mkv.work"
    assert rtskin("render", "plan", work, video, out, *COMMON).status == 0
    assert rtskin("render", "work", work).status == 0
    made = {path.name: path.stat().st_ino for path in (work / "segments").iterdir()}
    out.write_text("in the way")
    again = rtskin("render", video, out, *COMMON, "--overwrite", "--keep")
    assert again.status == 0, again.err
    assert "afresh" not in again.err
    assert {path.name: path.stat().st_ino for path in (work / "segments").iterdir()} == made
    assert len(times(out)) == FRAMES


@pytest.mark.parametrize("step", ["plan", "work", "finish"])
def test_every_step_has_help_with_an_example(rtskin: Rtskin, step: str) -> None:
    outcome = rtskin("render", step, "--help")
    assert outcome.status == 0
    assert f"rtskin render {step}" in outcome.out
    assert "Example" in outcome.out


def test_ctrl_c_keeps_what_is_done_and_says_how_to_go_on(
    alone: Rtskin, video: Path, tmp_path: Path, wanted: str
) -> None:
    out = tmp_path / "out.mp4"
    process = started(video, out)
    wait_for("out.mp4.work/segments/000000.json", tmp_path, process)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=600)
    assert process.returncode == 1, err
    assert "the same command goes on" in err
    assert not out.exists()
    assert not list((tmp_path / "out.mp4.work" / "leases").iterdir())
    again = alone("render", video, out, *OVERLAY)
    assert again.status == 0, again.err
    assert digest(out) == wanted
    assert [path.name for path in tmp_path.iterdir()] == ["out.mp4"]


#: Moments of a render, by what has just appeared.
MOMENTS = ("", "*.work/manifest.json", "*.work/leases/000001.*", "*.work/segments/000001.json", "*.work/finish/0/.*",
           "*.work/finish/complete")  # fmt: skip


@pytest.mark.slow
@pytest.mark.timeout(600)
@pytest.mark.parametrize("jobs", [1, 2])
def test_killed_again_and_again_it_ends_with_the_same_bytes(
    alone: Rtskin, video: Path, tmp_path: Path, wanted: str, jobs: int
) -> None:
    """SIGKILL at every kind of moment, and a little after it."""
    out, chance = tmp_path / "out.mp4", random.Random(jobs)
    for moment in MOMENTS:
        process = started(video, out, "--jobs", jobs)
        if moment:
            wait_for(moment, tmp_path, process)
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.communicate(timeout=60)
    if (tmp_path / "out.mp4.work").exists():  # else it was faster than its last killer
        last = alone("render", video, out, *OVERLAY, "--jobs", jobs)
        assert last.status == 0, last.err
    assert digest(out) == wanted
    assert {path.name for path in tmp_path.iterdir()} <= {"out.mp4", ".out.mp4.work.done"}, "killed while it tidied up"


def test_there_are_no_more_workers_than_segments(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    work = tmp_path / "work"
    outcome = rtskin(
        "render", video, tmp_path / "m.mkv", *COMMON, "--end", "30f", "--jobs", 9, "--work", work, "--keep"
    )
    assert outcome.status == 0, outcome.err
    assert len(list((work / "segments").glob("*.json"))) == 2
    assert sorted(path.name for path in (work / "logs").iterdir()) == ["worker-1.log", "worker-2.log"]


def test_a_failed_worker_of_several_is_told_in_words(rtskin: Rtskin, video: Path, tmp_path: Path) -> None:
    """Its plan was of another machine."""
    work = tmp_path / "work"
    assert rtskin("render", "plan", work, video, tmp_path / "out.mp4", *COMMON).status == 0
    manifest = json.loads((work / "manifest.json").read_text())
    manifest["environment"]["numpy"] = "0.1"
    (work / "manifest.json").write_text(json.dumps(manifest))
    outcome = rtskin("render", "work", work, "--jobs", "2")
    assert outcome.status == 1
    assert "a worker failed: this worker would make other masks than were planned: numpy is '0.1' there" in outcome.err


def test_through_pipes_in_and_out(video: Path, tmp_path: Path) -> None:
    """What one render writes to its pipe, another reads from its own."""
    matte = tmp_path / "matte.mkv"
    base = [sys.executable, "-m", "rtskin", "render"]
    first = subprocess.Popen(
        [*base, str(video), "-", "--view", "overlay", "--model", "ellipse"], stdout=subprocess.PIPE
    )
    done = subprocess.run(
        [*base, "-", str(matte), "--model", "ellipse"], stdin=first.stdout, capture_output=True, text=True, check=False
    )
    assert first.wait(timeout=60) == 0
    assert done.returncode == 0, done.stderr
    assert len(times(matte)) == FRAMES


def test_what_needs_a_file_is_refused_for_a_pipe(rtskin: Rtskin, tmp_path: Path) -> None:
    for option in (
        ["--jobs", "2"],
        ["--json"],
        ["--keep"],
        ["--engine", "ray"],
        *(["--work", tmp_path / "work"], ["--segment", "20"], ["--address", "auto"]),
    ):
        outcome = rtskin("render", "pattern:64x48?frames=3", tmp_path / "a.mkv", *option)
        assert outcome.status == 2
        assert f"{option[0]} needs a file as INPUT" in outcome.err
    outcome = rtskin("render", "plan", tmp_path / "work", "pattern:64x48?frames=3", tmp_path / "a.mkv")
    assert (outcome.status, "is no file, or an output is none" in outcome.err) == (2, True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(("view", "name"), [("alpha", "a.mov"), ("matte", "m.%04d.exr"), ("cutout", "frames/")])
def test_other_kinds_of_outputs_get_their_names(
    rtskin: Rtskin, video: Path, tmp_path: Path, view: str, name: str
) -> None:
    outcome = rtskin("render", video, f"{tmp_path}/{name}", "--view", view, "--end", "7f", *COMMON)
    assert outcome.status == 0, outcome.err
    if name == "a.mov":
        assert len(times(tmp_path / name)) == 7
    else:
        folder = tmp_path / "frames" if view == "cutout" else tmp_path
        assert len(list(folder.iterdir())) == 7
    assert not list(tmp_path.glob("*.work"))
