"""Clips through the whole graph, and what is reported."""

from __future__ import annotations

import json
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from rich.console import Console

from rtskin.errors import InputError, SourceError
from rtskin.evaluate.video.beside import write_beside
from rtskin.evaluate.video.clips import Made, Real
from rtskin.evaluate.video.deliver import Way, masks
from rtskin.evaluate.video.methods import parse_methods
from rtskin.evaluate.video.report import VideoReport, tables, to_dict, to_markdown, to_rich
from rtskin.evaluate.video.run import evaluate
from rtskin.evaluate.video.strip import ROWS, Strip
from rtskin.media import av
from rtskin.smooth.cuts import CutDetector
from tests.capture.media import make_video


def ways(smooth: str) -> list[Way]:
    return [Way("ellipse", "ellipse", method, {}) for method in parse_methods(smooth)]


@pytest.fixture
def clips(clip_of, tmp_path: Path) -> list[Made | Real]:  # type: ignore[no-untyped-def]
    make_video(tmp_path / "real.mp4", 6)
    made = [Made(clip_of(kind, 16), tmp_path) for kind in ("still", "fast")]
    return [*made, Real(tmp_path / "real.mp4")]


def test_every_way_on_every_clip(clips: list[Made | Real]) -> None:
    steps: list[tuple[int, int]] = []
    strip = Strip(clips[0].name)
    report = evaluate(
        clips, ways("none,adaptive:strength=0.8"), progress=lambda *step: steps.append(step), watch=[strip]
    )
    assert steps == [(number, 6) for number in range(1, 7)]
    none, adaptive = report.ways
    for way in report.ways:
        still = report.figures[*way, clips[0].name]
        assert still["iou"] is not None
        assert still["iou"] > 0.8
        assert still["smooth_ms"] is not None
        assert report.figures[*way, "real"]["warping"] is not None
    # Sensor noise makes the ellipse tremble, and the filter steadies it.
    change = report.change(adaptive, none, [clips[0].name], "flicker")
    assert change is not None
    assert change.value < -0.2
    assert report.comparisons() == [(adaptive, none)]
    # One row of sixteen frames, of the picture and of both ways.
    picture = strip.picture()
    assert picture.shape[0] == 20 + 16 * ROWS
    assert picture.shape[1] > 3 * 320


def test_looking_ahead_is_measured_like_any_way(clips: list[Made | Real]) -> None:
    """As a parameter of the filter that works after it. Every frame has its own mask, or there would be no figures."""
    report = evaluate(clips[1:2], ways("none,none:lookahead=2"))
    (_, none), (_, ahead) = report.ways
    assert ahead == "none:lookahead=2"
    one, other = (report.figures["ellipse", label, clips[1].name] for label in (none, ahead))
    assert other["iou"] == pytest.approx(one["iou"], abs=0.02)
    assert other["delay"] == pytest.approx(one["delay"], abs=0.2)
    assert 0 < other["dtssd"] != one["dtssd"]  # type: ignore[operator]


def test_a_report_can_be_read_by_people_and_programs(clips: list[Made | Real]) -> None:
    report = evaluate(clips, ways("none,adaptive"))
    said = json.loads(json.dumps(to_dict(report), allow_nan=False))
    assert [clip["kind"] for clip in said["clips"]] == ["still", "fast", "real"]
    assert said["motion"]["changes"][0]["against"] == "none"
    assert said["motion"]["ways"][1]["iou"]["value"] == pytest.approx(
        np.mean([clip["ways"][1]["iou"] for clip in said["clips"][:2]]), abs=1e-5
    )
    assert said["clips"][0]["ways"][0]["trail"] is None  # it stands still
    assert said["real"]["ways"][0]["area"]["value"] >= 0
    text = to_markdown(report)
    assert "| adaptive / none |" in text
    assert "Lai et al. 2018" in text
    headings = [heading for heading, _ in tables(report)]
    assert headings[0][:4] == ["clips", "model", "smoothing", "IoU"]
    assert all(len(row) == len(heading) for heading, rows in tables(report) for row in rows)
    console = Console(width=200, record=True, file=open("/dev/null", "w"))  # noqa: SIM115
    console.print(to_rich(report))
    assert "warping error" in console.export_text()


def test_changes_are_paired_and_relative() -> None:
    one, two = ("m", "none"), ("m", "x")
    figures = {
        (*one, "a"): {"iou": 0.5, "flicker": 2.0, "trail": None},
        (*one, "b"): {"iou": 0.7, "flicker": 6.0, "trail": 0.1},
        (*two, "a"): {"iou": 0.6, "flicker": 1.0, "trail": 0.3},
        (*two, "b"): {"iou": 0.8, "flicker": 1.0, "trail": 0.2},
    }
    report = VideoReport([one, two], {"a": "still", "b": "fast"}, [], figures)
    values = {metric: report.change(two, one, ["a", "b"], metric) for metric in ("iou", "flicker", "trail", "delay")}
    assert values["iou"] is not None
    assert (values["iou"].value, values["iou"].low) == (pytest.approx(0.1), pytest.approx(0.1))
    assert values["flicker"] is not None
    assert values["flicker"].value == pytest.approx(2 / 8 - 1)
    assert values["trail"] is not None
    assert values["trail"].value == pytest.approx(1)  # only where both can tell
    assert values["delay"] is None


def test_ema_is_tuned_to_the_trail_of_another(clips: list[Made | Real]) -> None:
    report = evaluate(clips[:2], ways("none,ema:strength=0.2,ema:trail=ema:strength=0.2"))
    first, second = report.ways[1:]
    assert second[1].startswith("ema:strength=0.")
    trails = [report.figures[*way, clips[1].name]["trail"] for way in (first, second)]
    assert trails[0] == pytest.approx(trails[1], rel=0.03)
    assert "trails" in report.notes[0]
    with pytest.raises(InputError, match="motion clips whose subject moves"):
        evaluate(clips[:1], ways("none,ema:trail=none"))


def test_masks_are_those_of_the_whole_graph(clips: list[Made | Real]) -> None:
    path = clips[0].file()
    delivered = [mask.data for mask in masks(path, ways("none")[0])]
    assert len(delivered) == 16
    assert delivered[0].shape == (192, 320)
    assert any((one != two).any() for one, two in pairwise(delivered))


def test_what_cannot_be_measured_is_refused(clips: list[Made | Real], tmp_path: Path) -> None:
    with pytest.raises(InputError, match="at least one"):
        evaluate([], ways("none"))
    with pytest.raises(InputError, match="two clips are called 'real'"):
        evaluate([clips[2], clips[2]], ways("none"))
    with pytest.raises(InputError, match="has one frame"):
        evaluate([Real(make_video(tmp_path / "one.mp4", 1))], ways("none"))
    with pytest.raises(SourceError):
        evaluate([Real(tmp_path / "nowhere.mp4")], ways("none"))
    with pytest.raises(ValueError, match="a strip needs masks"):
        Strip("a").picture()
    assert CutDetector()


def test_a_video_beside(clips: list[Made | Real], tmp_path: Path) -> None:
    none, adaptive = ways("none,adaptive")
    assert write_beside(clips[1].file(), none, adaptive, tmp_path / "beside.mp4") == 16
    with av.open(str(tmp_path / "beside.mp4")) as container:
        frames = [frame.to_ndarray(format="bgr24") for frame in container.decode(video=0)]
    assert len(frames) == 16
    assert frames[0].shape == (192, 640, 3)
    assert np.abs(frames[9][:, :320].astype(float) - frames[9][:, 320:]).mean() > 0.5
