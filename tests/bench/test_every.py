"""Tables of bench.every: what is judged, how IoU is taken, and a run of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner

from bench.every import IouTally, accuracy, rows, section
from rtskin.cli import eval as verb
from rtskin.cli.eval_video import ClipOptions
from rtskin.evaluate.video.report import VideoReport
from tests.evaluate.video.conftest import hands, people, walls

__all__ = ["hands", "people", "walls"]


def report(lost: float) -> VideoReport:
    """Two clips, one filter; what is lost grows with k, up to ``lost`` at 5."""
    figures = {
        (str(k), "none", clip): {"iou": iou - lost * k / 5 * (k > 1)}
        for k in (1, 5, 10)
        for clip, iou in (("a", 0.8), ("b", 0.7))
    }
    return VideoReport([(str(k), "none") for k in (1, 5, 10)], {"a": "fast", "b": "slow"}, [], figures)


@pytest.mark.parametrize(("lost", "met"), [(0.009, True), (0.011, False)])
def test_what_is_lost_at_five(lost: float, met: bool) -> None:
    found = rows(report(lost))
    assert [[cell.met for cell in row] for row in found] == [[None] * 3, [None, None, met], [None] * 3]
    assert [str(cell) for cell in found[0]] == ["1", "0.7500", "–"]
    shown = f"{-lost:+.4f} ({-lost:+.4f} … {-lost:+.4f})"
    assert str(found[1][2]) == (shown if met else f"**{shown}**")
    text = section(report(lost), found, "m")
    assert "m on every k-th frame of 2 motion clips" in text
    assert str(found[1][2]) in text


def test_iou_is_of_the_frames_that_have_skin() -> None:
    truth, mask = np.zeros((3, 5), bool), np.zeros((3, 5), np.uint8)
    truth[0, :4], mask[0, 1:5] = True, 200
    tally = IouTally([np.packbits(one) for one in (truth, truth, np.zeros((3, 5), bool))])
    for one in (mask, (truth * 128).astype(np.uint8), mask):
        tally.add(one)
    assert tally.figures() == {"iou": pytest.approx((3 / 5 + 1) / 2)}


def test_it_is_the_iou_of_the_evaluation(people: Path, walls: Path) -> None:
    """And the first clip's with every fifth frame is not that of every frame."""
    mine = accuracy(ClipOptions((people,), (walls,), None, None, 9, 1, 0, 0), "ellipse", "none")
    app = typer.Typer()
    verb.register(app)
    app.command("other")(lambda: None)
    for k in (1, 5):
        command = ["eval", "--video", "--models", "ellipse", people, "--skinless", walls, "--motion", 1, "--frames", 9]
        command += ["--smooth", "none", "--cuts", 0, "--json", "--every", k]
        said = json.loads(CliRunner().invoke(app, [str(one) for one in command], catch_exceptions=False).stdout)
        clip = said["clips"][0]
        assert mine.figures[str(k), "none", clip["name"]]["iou"] == pytest.approx(clip["ways"][0]["iou"], abs=1e-4)
