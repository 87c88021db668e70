"""What ``rtskin live`` refuses, by which name, and before what."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from rtskin.infer import node as infer
from rtskin.media import cv2
from tests.cli.conftest import Outcome, times

Rtskin = Callable[..., Outcome]
SOURCE = "pattern:160x120@30?frames=10"
NULL = ("--sink", "null")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["live", SOURCE, *NULL, "--view", "overlay:alpha=7"], "--view: view overlay.alpha: Input should be less than"),
        (["live", SOURCE, *NULL, "--view", "overly"], "--view: no view is called 'overly'; did you mean overlay"),
        (["live", SOURCE, *NULL, "--view", "alpha"], "--view: the view alpha is for files that hold it: rtskin render"),
        (["live", SOURCE, *NULL, "--view", "alpha+overlay"], "--view: the view alpha is for files"),
        (["live", "{clip}", *NULL, "--start", "soon"], "--start: start is 'soon'; write seconds (12.5)"),
        (["live", "{clip}", *NULL, "--start", "2", "--end", "1"], "--end: end (1 s) must lie behind start (2 s)"),
        (["live", "{clip}", *NULL, "--end", "-1"], "--end: end is in seconds, 0 or more"),
        (["live", SOURCE, *NULL, "--start", "1"], "a pattern takes no option 'start'; it is for an image sequence or"),
        (["live", SOURCE, *NULL, "--decode", "cuda"], "a pattern takes no option 'decode'; it is for a network stream"),
        (["live", "{clip}", *NULL, "--decode", "gpu"], "--decode: decode is cpu, cuda, or cuda:0, cuda:1"),
        (["live", SOURCE, *NULL, "--background", "00ff00"], "what a cutout stands before; add --view cutout"),
        (["live", SOURCE, *NULL, "--view", "cutout", "--background", "no.png"], "--background: no.png is neither a colour"),
        (["live", SOURCE, *NULL, "--every", "61"], "--every: "),
        (["live", SOURCE, *NULL, "--smooth", "adaptve"], "--smooth: no smoothing is called 'adaptve'"),
        (["live", SOURCE, *NULL, "--size", "huge"], "--size: "),
        (["render", "{clip}", "out.mkv", "--start", "soon"], "start is 'soon'; write seconds"),
        (["render", "{clip}", "out.mkv", "--lookahead", "17"], "--lookahead: Input should be less than or equal to 16"),
        (["roi", SOURCE, "--plot", "tracks.gif"], "--plot: a plot ends in .png, .svg, .pdf, not in .gif"),
        (["roi", SOURCE, "--min-size", "many"], "--min-size: "),
        (["run", "live_overlay", "--set", "render.view=overly"], "--set render.view: no view is called 'overly'"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_of_the_option(
    rtskin: Rtskin, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = rtskin(*[argument.format(clip=clip) for argument in arguments])
    assert outcome.status == 2, outcome.err
    assert said in outcome.err
    assert ".toml" not in outcome.err


def test_what_the_pipelines_file_says_is_placed_in_it(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from rtskin import paths

    monkeypatch.setenv("RTSKIN_PIPELINES", str(tmp_path))
    text = paths.bundled_folder("pipelines").joinpath("live_overlay.toml").read_text("utf-8")
    (tmp_path / "live_overlay.toml").write_text(text.replace('view = "overlay"', 'view = "overly"'), "utf-8")
    outcome = rtskin("live", SOURCE, *NULL, "--start", "1")
    assert outcome.status == 2
    line = text.splitlines().index('view = "overlay"') + 1
    assert f"live_overlay.toml:{line}: no view is called 'overly'" in outcome.err


@pytest.fixture
def loaded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the models that were loaded."""
    names: list[str] = []
    real = infer.load_segmenter

    def load(model: str, **options: object) -> object:
        names.append(model)
        return real(model, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(infer, "load_segmenter", load)
    return names


def test_what_cannot_be_is_found_before_a_model_is_loaded(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, loaded: list[str]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("rtskin.render.sinks.display.sys.platform", "linux")
    there = tmp_path / "there.mkv"
    there.write_text("mine")
    (tmp_path / "there.png").write_text("mine")
    for arguments, said in (
        (["live", SOURCE], "no display: use --sink FILE or null, or set DISPLAY (in sink)"),
        (["live", SOURCE, "--sink", there], "exists already"),
        (["live", SOURCE, "--sink", "null", "--sink", there], "exists already; choose another name"),
        (["live", SOURCE, "--sink", tmp_path / "no" / "out.mkv"], "there is no folder"),
        (["live", SOURCE, "--sink", f"{tmp_path}/no/out.%04d.png"], "there is no folder"),
        (["live", tmp_path / "no.mp4", "--sink", "null"], "there is no file"),
        (["roi", SOURCE, "--pace", "max", "--plot", tmp_path / "there.png"], "exists already"),
    ):
        outcome = rtskin(*arguments)
        assert (outcome.status, said in outcome.err) == (1, True), outcome.err
    assert loaded == []
    assert rtskin("live", SOURCE, *NULL, "--model", "ellipse").status == 0
    assert loaded == ["ellipse"]
    assert there.read_text() == "mine"


def test_live_shows_a_part_of_a_file(rtskin: Rtskin, clip: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.mkv"
    span = ("--start", "0.5", "--end", "10f")
    assert rtskin("live", clip, *span, "--pace", "max", "--model", "ellipse", "--sink", out).status == 0
    assert times(out) == pytest.approx([1.5, 1.6, 1.7, 1.8, 1.9], abs=1e-3)


def test_a_cutout_stands_before_what_is_asked_for(
    rtskin: Rtskin, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A name that reads as a colour is that colour; the file is written with its folder. Live and in files alike."""
    monkeypatch.chdir(tmp_path)
    cv2.imwrite("file.png", np.full((120, 160, 3), (0, 0, 255), np.uint8))
    (tmp_path / "file.png").rename(tmp_path / "00ff00")
    common = ("--model", "ellipse", "--view", "cutout")
    for background, bgr in (("00ff00", (0, 255, 0)), ("./00ff00", (0, 0, 255))):
        sinks = ("--pace", "max", "--sink", "live.%04d.png", "--overwrite")
        outcome = rtskin("live", SOURCE, *common, "--background", background, *sinks)
        assert outcome.status == 0, outcome.err
        outcome = rtskin("render", SOURCE, "file.%04d.png", *common, "--background", background, "--overwrite")
        assert outcome.status == 0, outcome.err
        for name in ("live.0003.png", "file.0003.png"):
            assert np.abs(cv2.imread(name)[-4, -4].astype(int) - bgr).max() <= 2, (name, background)


@pytest.mark.parametrize("verb", [("live", *NULL), ("roi",), ("render", "out.mkv")])
def test_a_gpu_that_is_not_there_is_refused_at_the_start(
    rtskin: Rtskin, clip: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, verb: tuple[str, ...]
) -> None:
    from rtskin import driver

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(driver, "_loads", lambda library: False)
    name, *rest = verb
    outcome = rtskin(name, str(clip), *rest, "--decode", "cuda")
    assert outcome.status == 1
    assert "decode 'cuda': lib" in outcome.err.splitlines()[-1]
    assert "NVIDIA's driver" in outcome.err
    assert not list(tmp_path.iterdir())
