from __future__ import annotations

from pathlib import Path

import pytest

from bench import hands
from rtskin.capture import open_source
from rtskin.frame import Frame


@pytest.fixture
def frames() -> list[Frame]:
    with open_source("pattern:160x120@30?frames=30") as source:
        return list(source)


def test_the_whole_feed_runs_and_every_frame_is_counted(frames: list[Frame], tmp_path: Path) -> None:
    timing = hands.ours(frames, "ellipse", tmp_path)
    assert timing.cpu > 0
    assert len((tmp_path / "rois.jsonl").read_text().splitlines()) == len(frames)


def test_nothing_of_a_frame_is_there_before_it_is_asked_for(frames: list[Frame]) -> None:
    assert frames[0].bgr is not None
    again = hands.fresh(frames[0])
    assert again._bgr is None
    assert (again.bgr == frames[0].bgr).all()


@pytest.mark.parametrize(("cpu", "met"), [(7.9, True), (8.1, False)])
def test_a_missed_target_is_told(frames: list[Frame], cpu: float, met: bool) -> None:
    hands.Frames.frames = frames
    rounds = [{"theirs": hands.Timing(10.0, {"face": 10.0}), "ours": hands.Timing(cpu, regions=2.0)}] * 3
    text, said = hands.report(rounds, "ellipse", Path("clip.mp4"), len(frames), 0.0)
    assert said is met
    assert (f"**{cpu / 10:.2f} (" in text) is not met


def test_their_part_is_measured_where_it_is_to_be_had(frames: list[Frame], shared: Path) -> None:
    pytest.importorskip("ai_edge_litert", reason="ai-edge-litert is not installed")
    if not (shared / "weights/palm_detection_lite.tflite").is_file():
        pytest.skip("no networks of MediaPipe's")
    timing = hands.Theirs(shared / "weights").run(frames)
    assert all(ms > 0 for ms in timing.parts.values())
    assert timing.cpu == pytest.approx(sum(timing.parts.values()))
