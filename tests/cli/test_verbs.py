"""The verbs on small real media."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin import open_source, paths
from rtskin.cli.main import VERBS
from rtskin.media import av, cv2
from rtskin.roi.message import Message, Roi
from rtskin.smooth.node import Smooth
from tests.cli.conftest import Outcome, times

Rtskin = Callable[..., Outcome]


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(rtskin: Rtskin, verb: str) -> None:
    outcome = rtskin(verb, "--help")
    assert outcome.status == 0
    assert f"rtskin {verb}" in outcome.out
    assert "Example" in outcome.out


def test_the_version_and_no_verb(rtskin: Rtskin) -> None:
    assert rtskin("--version").out.startswith("0.")
    assert "render" in rtskin().out


def test_render_writes_every_frame_at_its_time_with_the_sound(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "matte.mp4"
    outcome = rtskin("render", clip, out, "--stats", tmp_path / "stats.json")
    assert outcome.status == 0, outcome.err
    assert times(out) == pytest.approx(times(clip), abs=1e-6)
    with av.open(str(out)) as container:
        assert [stream.codec.name for stream in container.streams.audio] == ["aac"]
    statistics = json.loads((tmp_path / "stats.json").read_text())
    assert statistics["frames"] == {"captured": 20, "rendered": 20, "dropped": 0}
    assert {"model", "runtime", "device", "fps", "latency_ms", "nodes", "edges"} <= set(statistics)
    assert {"count", "p50_ms", "p95_ms"} <= set(statistics["nodes"]["infer"])
    assert all(statistics[key] for key in ("model", "runtime", "device"))


def test_a_matte_of_the_ellipse_finds_the_disc_and_reaches_full_scale(
    rtskin: Rtskin, clip: Path, tmp_path: Path
) -> None:
    out = tmp_path / "matte.mkv"
    assert rtskin("render", clip, out, "--model", "ellipse", "--smooth", "none").status == 0
    with av.open(str(out)) as container:
        mattes = [frame.to_ndarray(format="gray") for frame in container.decode(video=0)]
    assert len(mattes) == 20
    assert all(matte.min() == 0 and matte.max() == 255 for matte in mattes)


def test_render_a_part_of_it(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "part.mkv"
    assert rtskin("render", clip, out, "--start", "0.5", "--end", "1.0").status == 0
    assert len(times(out)) == 5


@pytest.mark.parametrize("frames", [1, 4, 16])
def test_render_looks_ahead_and_loses_no_frame(rtskin: Rtskin, clip: Path, tmp_path: Path, frames: int) -> None:
    """Twenty frames at their own times, the last ones too, whose masks waited for the end."""
    out, stats = tmp_path / "matte.mkv", tmp_path / "stats.json"
    outcome = rtskin("render", clip, out, "--lookahead", frames, "--model", "ellipse", "--stats", stats)
    assert outcome.status == 0, outcome.err
    assert times(out) == pytest.approx(times(clip), abs=1e-6)
    statistics = json.loads(stats.read_text())
    assert statistics["frames"] == {"captured": 20, "rendered": 20, "dropped": 0}
    assert statistics["nodes"]["smooth"]["counters"]["lookahead"] == frames


def test_render_an_image_sequence_keeps_the_numbers(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    for number in (7, 8, 9):
        cv2.imwrite(str(tmp_path / f"shot.{number:04d}.png"), np.full((12, 16, 3), 90, np.uint8))
    assert rtskin("render", tmp_path / "shot.%04d.png", tmp_path / "mask.%04d.png").status == 0
    assert sorted(path.name for path in tmp_path.glob("mask.*")) == [f"mask.{n:04d}.png" for n in (7, 8, 9)]


@pytest.mark.parametrize(
    ("arguments", "status", "message"),
    [
        (["render", "missing.mp4", "out.mkv"], 1, "missing.mp4"),
        (["render", "{folder}", "out.mkv"], 2, "is a folder, and out.mkv is called like a file; .*--suffix .mkv"),
        (["render", "{text}", "out.mkv"], 1, "text.mp4"),
        (["render", "{clip}", "{clip}"], 2, "is the input itself"),
        (["render", "{clip}", "no/such/folder/out.mkv"], 1, "no/such/folder"),
        (["render", "{clip}", "out.xyz"], 2, "out.xyz|xyz"),
        (["render", "{clip}", "null"], 2, "must be a file"),
        (["render", "{clip}", "{folder}"], 2, "is a folder; to fill it"),
        (["render", "shot.%04d.png", "shot.%04d.png", "--overwrite"], 2, "is the input itself"),
        (["render", "0", "out.mkv"], 2, "rtskin live 0 --pace max --sink out.mkv"),
        (["render", "{clip}", "out.mkv", "--stats", "{clip}"], 2, "ends in .json"),
        (["live", "{clip}", "--pairing", "latest", "--pace", "max"], 2, "use one of them"),
        (["live", "{clip}", "--sink", "null", "--fps", "0"], 2, "--fps is frames a second, more than 0, not 0"),
        (["live", "{clip}", "--sink", "null", "--fps", "nan"], 2, "--fps is frames a second, more than 0, not nan"),
        (["live", "{clip}", "--sink", "null", "--fps", "2000"], 2, r"fps.*less than or equal to 1000 \(got 2000"),
        (["live", "{clip}", "--sink", "null", "--latency", "-1"], 2, "--latency is milliseconds, more than 0, not -1"),
        (["live", "{clip}", "--sink", "null", "--fps", "soon"], 2, r"'--fps'.*valid (float|number)"),
        (["live", "{clip}", "--sink", "null", "--fps", "30", "--pace", "max"], 2, "with --pace max every frame waits"),
        (
            ["live", "{clip}", "--sink", "null", "--latency", "50", "--every", "3"],
            2,
            "choose how often the network runs",
        ),
        (["render", "{clip}", "out.mkv", "--model", "elipse"], 2, "no model is called 'elipse'; did you mean ellipse"),
        (["render", "{clip}", "out.mkv", "--view", "overlya"], 2, "no view is called 'overlya'; did you mean overlay"),
        (["render", "{clip}", "out.mkv", "--every", "0"], 2, "a number of frames, 1 to 60, or auto .*not '0'"),
        (["render", "{clip}", "out.mkv", "--every", "auto"], 2, "not always give the same masks; give a number"),
        (["live", "{clip}", "--sink", "null", "--every", "sometimes"], 2, "1 to 60, or auto .*not 'sometimes'"),
        (
            ["live", "{clip}", "--sink", "null", "--pairing", "latest", "--every", "-3"],
            2,
            "1 to 60, or auto .*not '-3'",
        ),
        (["roi", "{clip}", "--every", "61"], 2, "1 to 60, or auto .*not '61'"),
        (["eval", "{clip}", "--video", "--every", "auto"], 2, "give a number"),
        (["eval", "{clip}", "--every", "5"], 2, "--every belongs to --video"),
        (["render", "{clip}", "out.mkv", "--smooth", "adaptve"], 2, "adaptve.*did you mean adaptive"),
        (["render", "{clip}", "out.mkv", "--lookahead", "17"], 2, r"lookahead.*less than or equal to 16 \(got 17\)"),
        (["render", "{clip}", "out.mkv", "--lookahead", "-1"], 2, r"lookahead.*greater than or equal to 0 \(got -1\)"),
        (["live", "{clip}", "--lookahead", "3"], 2, "3 frames late.*rtskin render INPUT OUTPUT --lookahead 3"),
        (["run", "live_overlay", "--set", "smooth.lookahead=3"], 2, "lookahead 3 .* a live source does not have"),
        (["live", "{clip}", "--sink", "null", "--device", "cuda"], 1, "CUDA|cuda"),
        (["live", "97", "--sink", "null"], 1, "97"),
        (["run", "live_overlay", "--set", "infr.model=x"], 2, "no node is called 'infr'; did you mean infer"),
        (["run", "live_overlay", "--set", "infer"], 2, "NODE.KEY=VALUE"),
        (["run", "nothing.toml"], 2, "there is no pipeline at"),
        (["roi", "{clip}", "--pace", "fast"], 2, "fast"),
    ],
)
def test_what_cannot_be_is_said_in_one_line(
    rtskin: Rtskin, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch,
    arguments: list[str], status: int, message: str,
) -> None:  # fmt: skip
    monkeypatch.chdir(tmp_path)
    (tmp_path / "text.mp4").write_text("this is no video")
    names = {"clip": clip, "folder": tmp_path, "text": tmp_path / "text.mp4"}
    outcome = rtskin(*[argument.format(**names) for argument in arguments])
    assert outcome.status == status, outcome.err
    assert __import__("re").search(message, outcome.err), outcome.err
    assert "Traceback" not in outcome.err
    if arguments[-2:] not in (["--pace", "fast"], ["--fps", "soon"]):  # there the parser draws a box
        assert len([line for line in outcome.err.splitlines() if line.startswith("rtskin: ")]) >= 1
    assert not list(tmp_path.glob("out*"))


def test_an_output_that_is_there_is_kept_unless_told(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    out.write_text("mine")
    outcome = rtskin("render", clip, out)
    assert outcome.status == 1
    assert "--overwrite" in outcome.err
    assert out.read_text() == "mine"
    assert rtskin("render", clip, out, "--overwrite").status == 0
    assert len(times(out)) == 20


def test_live_at_max_pace_renders_every_frame(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    stats = tmp_path / "stats.json"
    assert rtskin("live", clip, "--pace", "max", "--sink", "null", "--stats", stats).status == 0
    assert json.loads(stats.read_text())["frames"] == {"captured": 20, "rendered": 20, "dropped": 0}


@pytest.mark.parametrize(("pace", "judged"), [("max", False), ("source", True)])
def test_the_filter_goes_by_the_clock_only_where_frames_do(
    rtskin: Rtskin, clip: Path, monkeypatch: pytest.MonkeyPatch, pace: str, judged: bool
) -> None:
    timed: list[float] = []
    monkeypatch.setattr(Smooth, "_measure", lambda self, taken, step: timed.append(taken))
    assert rtskin("live", clip, "--pace", pace, "--sink", "null", "--model", "ellipse").status == 0
    assert bool(timed) is judged


@pytest.mark.parametrize("options", [["--pairing", "latest"], ["--every", "3"], ["--every", "auto"], ["--fps", "30"]])
def test_live_with_masks_that_ride_shows_frames(rtskin: Rtskin, tmp_path: Path, options: list[str]) -> None:
    stats = tmp_path / "stats.json"
    # Three seconds: a network that is late on a busy machine still gets to see a frame.
    outcome = rtskin("live", "pattern:160x120@30?frames=90", *options, "--sink", "null", "--stats", stats)
    assert outcome.status == 0, outcome.err
    assert "WARNING" not in outcome.err
    said = json.loads(stats.read_text())
    assert said["frames"]["captured"] == 90
    assert said["frames"]["rendered"] + said["frames"]["dropped"] == 90
    assert 1 <= said["nodes"]["propagate"]["counters"]["key_frames"] <= 90


@pytest.mark.parametrize("verb", ["live", "render", "roi"])
def test_every_so_many_frames_of_a_file(rtskin: Rtskin, clip: Path, tmp_path: Path, verb: str) -> None:
    """All frames come out, and the network saw each fifth."""
    stats, out = tmp_path / "stats.json", tmp_path / ("out.jsonl" if verb == "roi" else "out.mkv")
    target = {"live": ["--pace", "max", "--sink", out], "render": [out], "roi": ["--pace", "max", "--out", out]}[verb]
    outcome = rtskin(verb, clip, *target, "--every", "5", "--stats", stats, "--model", "ellipse")
    assert outcome.status == 0, outcome.err
    said = json.loads(stats.read_text())
    assert said["frames"] == {"captured": 20, "rendered": 20, "dropped": 0}
    assert said["nodes"]["propagate"]["counters"] == {"key_frames": 4, "every": 5}
    assert len(out.read_text().splitlines() if verb == "roi" else times(out)) == 20


def test_every_so_many_frames_gives_the_same_file_again(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    outs = [tmp_path / name for name in ("a.mkv", "b.mkv")]
    for out in outs:
        assert rtskin("render", clip, out, "--every", "4", "--model", "ellipse").status == 0
    first, second = ([frame.bgr.copy() for frame in open_source(out)] for out in outs)
    assert len(first) == 20
    assert all(np.array_equal(one, other) for one, other in zip(first, second, strict=True))


def test_live_ends_after_its_duration_and_completes_the_file(rtskin: Rtskin, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    outcome = rtskin("live", "pattern:64x48@30?frames=0", "--sink", out, "--duration", "1.5")
    assert outcome.status == 0, outcome.err
    assert len(times(out)) > 3


def test_roi_writes_one_object_a_line(rtskin: Rtskin, clip: Path) -> None:
    outcome = rtskin("roi", clip, "--pace", "max", "--model", "ellipse")
    lines = [json.loads(line) for line in outcome.out.splitlines()]
    assert [line["seq"] for line in lines] == list(range(20))
    first = lines[0]
    assert list(first) == list(Message.model_fields)
    assert (first["width"], first["height"]) == (160, 120)
    x, y, w, h = first["rois"][0]["box"]
    assert min(x, y) >= 0 < min(w, h)
    assert (x + w <= 160, y + h <= 120) == (True, True)
    assert set(first["rois"][0]) <= set(Roi.model_fields)


def test_roi_into_a_file(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "regions.jsonl"
    assert rtskin("roi", clip, "--pace", "max", "--out", out).status == 0
    assert len(out.read_text().splitlines()) == 20


def test_mask_writes_masks_of_the_images_size(rtskin: Rtskin, tmp_path: Path) -> None:
    for name, shape in (("a.jpg", (48, 64, 3)), ("b.png", (5, 3)), ("c.png", (1, 1, 4))):
        cv2.imwrite(str(tmp_path / name), np.full(shape, 120, np.uint8))
    cv2.imwrite(str(tmp_path / "d.png"), np.full((7, 9), 30000, np.uint16))
    images = [tmp_path / name for name in ("a.jpg", "b.png", "c.png", "d.png")]
    outcome = rtskin("mask", *images, "--out", tmp_path / "masks")
    assert outcome.status == 0, outcome.err
    for image in images:
        mask = cv2.imread(str(tmp_path / "masks" / f"{image.stem}.png"), cv2.IMREAD_UNCHANGED)
        assert mask.dtype == np.uint8
        assert mask.shape == cv2.imread(str(image), cv2.IMREAD_UNCHANGED).shape[:2]


def test_one_bad_image_does_not_stop_the_others(rtskin: Rtskin, tmp_path: Path) -> None:
    cv2.imwrite(str(tmp_path / "good.png"), np.zeros((4, 4, 3), np.uint8))
    (tmp_path / "bad.png").write_text("no image")
    outcome = rtskin("mask", tmp_path / "bad.png", tmp_path / "good.png", "--out", tmp_path / "masks")
    assert outcome.status == 1
    assert "bad.png" in outcome.err
    assert (tmp_path / "masks" / "good.png").exists()


def test_images_that_would_become_one_mask_are_refused(rtskin: Rtskin, tmp_path: Path) -> None:
    outcome = rtskin("mask", tmp_path / "a.png", tmp_path / "a.jpg", "--out", tmp_path / "masks")
    assert outcome.status == 2
    assert "both become a.png" in outcome.err


def test_models_lists_the_bundled(rtskin: Rtskin) -> None:
    assert "ellipse" in rtskin("models").out
    where = {card["name"]: card["path"] for card in json.loads(rtskin("models", "--json").out)}
    assert Path(where["ellipse"]) == paths.find("models", "ellipse")


def test_models_shortens_no_name_in_a_pipe(rtskin: Rtskin) -> None:
    said = rtskin("models").out
    for name in ("mobile-unet-parts", "mobile-unet-prior"):
        assert f" {name} " in said


def test_models_says_where_each_is(rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    card = paths.find("models", "ellipse").read_text("utf-8")
    (tmp_path / "near" / "mine").mkdir(parents=True)
    (tmp_path / "near" / "mine" / "model.toml").write_text(card.replace('name = "ellipse"', 'name = "mine"'), "utf-8")
    monkeypatch.setenv("RTSKIN_MODELS", str(tmp_path / "near"))
    monkeypatch.chdir(tmp_path)
    assert " near/mine " in rtskin("models").out


def test_run_runs_any_pipeline(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    stats = tmp_path / "stats.json"
    settings = [f"source.uri={clip}", "source.pace=max", "sink.kind=null"]
    options = [part for setting in settings for part in ("--set", setting)]
    outcome = rtskin("run", "live_overlay", *options, "--stats", stats)
    assert outcome.status == 0, outcome.err
    assert json.loads(stats.read_text())["frames"]["rendered"] == 20


def test_demo_shows_source_mask_and_overlay(rtskin: Rtskin, tmp_path: Path) -> None:
    pytest.importorskip("skimage", reason="the demo's portrait comes with scikit-image")
    out = tmp_path / "demo.mp4"
    outcome = rtskin("demo", "--out", out, "--seconds", "0.5")
    assert outcome.status == 0, outcome.err
    assert str(out) in outcome.out
    with av.open(str(out)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 15
    assert (frames[0].width, frames[0].height) == (3 * 640, 480)


def test_doctor_reports(rtskin: Rtskin) -> None:
    report = json.loads(rtskin("doctor", "--json").out)
    assert report["packages"]["av"]
    assert "CPUExecutionProvider" in report["runtimes"]["onnxruntime"]["providers"]
    assert report["codecs"]["encoders"]["libx264"] is True
    assert report["problems"] == []
    assert "ellipse" in rtskin("doctor").out


def started(*arguments: object) -> subprocess.Popen[str]:
    """The real command in a process of its own."""
    command = [sys.executable, "-m", "rtskin", *map(str, arguments)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def wait_for_bytes(folder: Path, process: subprocess.Popen[str]) -> None:
    """Until something was written there, or the process has ended."""
    while process.poll() is None and not any(path.stat().st_size for path in folder.iterdir() if path.exists()):
        time.sleep(0.01)


@pytest.mark.parametrize("options", [[], ["--fps", "30", "--latency", "50"]])
def test_ctrl_c_completes_a_live_recording(tmp_path: Path, options: list[str]) -> None:
    (tmp_path / "out").mkdir()
    out, stats = tmp_path / "out" / "out.mkv", tmp_path / "stats.json"
    process = started("live", "pattern:160x120@30?frames=0", "--sink", out, "--stats", stats, *options)
    wait_for_bytes(out.parent, process)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 0, err
    assert len(times(out)) >= 1
    said = json.loads(stats.read_text())
    assert said["state"] == "done"
    assert said["nodes"].get("budget", {}).get("counters", {}).get("budget") == (
        "30 frames/s, 50 ms" if options else None
    )


def test_ctrl_c_of_a_verb_without_a_graph_says_so(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupted(*arguments: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("rtskin.files.check_output", interrupted)
    outcome = rtskin("train", "pack", tmp_path, "--out", tmp_path / "my.pack")
    assert outcome.status == 1
    assert outcome.err == "rtskin: interrupted\n"


def test_ctrl_c_leaves_no_half_rendered_file(tmp_path: Path) -> None:
    process = started("render", "pattern:640x480@30?frames=100000", tmp_path / "out.mkv")
    wait_for_bytes(tmp_path, process)
    os.kill(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert process.returncode == 1, err
    assert "interrupted after" in err
    assert list(tmp_path.iterdir()) == []


def test_a_reader_that_goes_away_ends_the_feed_quietly() -> None:
    process = started("roi", "pattern:64x48@30?frames=0", "--pace", "max")
    assert process.stdout is not None
    assert process.stdout.readline().startswith('{"v"')
    process.stdout.close()
    assert process.wait(timeout=30) == 0, process.stderr.read()


def test_editing_the_pipeline_changes_the_verb(
    rtskin: Rtskin, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RTSKIN_PIPELINES", str(tmp_path))
    for name, old, new in (
        ("live_overlay", 'kind = "window"', 'kind = "null"'),
        ("gesture_roi", 'out = "-"', 'out = "f"'),
    ):
        text = paths.bundled_folder("pipelines").joinpath(f"{name}.toml").read_text("utf-8").replace(old, new)
        text = text.replace('uri = "0"', f'uri = "{clip}"').replace('pace = "source"', 'pace = "max"')
        (tmp_path / f"{name}.toml").write_text(text, "utf-8")
    monkeypatch.chdir(tmp_path)
    assert rtskin("live", "--stats", "s.json").status == 0
    assert json.loads((tmp_path / "s.json").read_text())["frames"]["rendered"] == 20
    assert rtskin("roi").status == 0
    assert len((tmp_path / "f").read_text().splitlines()) == 20
    (tmp_path / "live_overlay.toml").write_text(text.replace("[nodes.roi]", "[nodes.roi]\nmin_aera = 1"), "utf-8")
    outcome = rtskin("live", clip)
    assert outcome.status == 2
    assert "live_overlay.toml:" in outcome.err
    assert "did you mean min_area" in outcome.err


def test_a_duration_of_nothing_ends_at_once_and_counts_from_the_first_frame(rtskin: Rtskin, tmp_path: Path) -> None:
    source = "pattern:64x48@30?frames=0"
    assert rtskin("live", source, "--sink", "null", "--duration", "0").status == 0
    assert rtskin("live", source, "--sink", tmp_path / "out.mkv", "--duration", "0.4").status == 0
    assert times(tmp_path / "out.mkv")


def test_statistics_that_cannot_be_written_are_refused_before_the_work(
    rtskin: Rtskin, clip: Path, tmp_path: Path
) -> None:
    outcome = rtskin("render", clip, tmp_path / "out.mkv", "--stats", tmp_path / "no" / "s.json")
    assert outcome.status == 1
    assert "s.json" in outcome.err
    assert not (tmp_path / "out.mkv").exists()
