"""What the keys of a window do, without a display."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import Mask, Rendered
from rtskin.graph import Graph
from rtskin.media import av, cv2
from rtskin.node import Context
from rtskin.render.node import Render
from rtskin.render.sinks.recorder import Recorder
from rtskin.render.sinks.window import WindowSink, figures

from ..conftest import disc, make_frame, make_mask, picture


class Unseen(WindowSink):
    """A window that draws nowhere."""

    def _draw(self) -> None:
        pass

    def _react(self) -> None:
        pass


def rendered(step: int) -> Rendered:
    return Rendered(make_frame(picture(step=step), seq=step, pts=40 * step), picture(step=step))


def test_p_saves_what_is_shown_and_says_so(tmp_path: Path) -> None:
    sink = Unseen(folder=tmp_path, mirror=True)
    sink.press("p")  # nothing is shown yet
    sink.process(rendered(3))
    sink.press("p")
    [path] = tmp_path.iterdir()
    assert np.array_equal(cv2.imread(str(path)), picture(step=3))
    assert f"saved {path}" in sink._words()
    sink = Unseen(folder=tmp_path / "missing")
    sink.process(rendered(0))
    sink.press("p")
    assert "there is no folder" in sink._words()[-1]


def test_r_records_from_one_press_to_the_next(tmp_path: Path) -> None:
    sink = Unseen(folder=tmp_path)
    sink.process(rendered(0))
    sink.press("r")
    for step in range(1, 11):
        sink.process(rendered(step))
    assert sink._words()[-1].startswith("recording, ")
    sink.press("r")
    [path] = tmp_path.iterdir()
    assert f"recorded {path} (10 frames)" in sink._words()
    with av.open(str(path)) as container:
        frames = list(container.decode(video=0))
    assert len(frames) == 10
    assert np.abs(frames[9].to_ndarray(format="bgr24").astype(int) - picture(step=10)).mean() < 8


def test_closing_the_window_completes_the_recording(tmp_path: Path) -> None:
    sink = Unseen(folder=tmp_path)
    sink.press("r")
    for step in range(5):
        sink.process(rendered(step))
    sink.close()
    [path] = tmp_path.iterdir()
    with av.open(str(path)) as container:
        assert len(list(container.decode(video=0))) == 5


def test_an_empty_recording_leaves_nothing(tmp_path: Path) -> None:
    sink = Unseen(folder=tmp_path)
    sink.press("r")
    sink.press("r")
    assert "nothing was recorded" in sink._words()
    assert list(tmp_path.iterdir()) == []


def test_a_recording_that_fails_says_so_and_the_stream_goes_on(tmp_path: Path) -> None:
    sink = Unseen(folder=tmp_path)
    sink.press("r")
    sink.process(rendered(0))
    wide = np.zeros((48, 80, 3), np.uint8)
    sink.process(Rendered(make_frame(wide, seq=1), wide))
    give_up = time.monotonic() + 20
    while not sink._words()[-1].startswith("not recorded: "):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    sink.process(rendered(2))
    sink.press("r")
    assert sink._words()[-1].startswith("not recorded: ")
    assert list(tmp_path.iterdir()) == []


def test_a_recorder_that_cannot_keep_up_drops_and_counts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("rtskin.render.sinks.recorder._ROOM", 0)
    recorder = Recorder(tmp_path / "out.mp4")
    recorder.add(rendered(0))
    recorder.add(rendered(1))
    assert recorder.dropped == 2
    assert recorder.close() == "nothing was recorded"


def test_a_command_that_cannot_be_is_said_in_the_window() -> None:
    def refuse(name: str, value: str) -> bool:
        raise InputError("it cannot be")

    sink = Unseen()
    sink._context = Context(command=refuse)
    sink.process(rendered(0))
    sink.press("v")
    assert sink._words() == ["it cannot be"]


def test_statistics_are_shown_and_looked_at_now_and_then() -> None:
    asked: list[int] = []

    def statistics() -> Any:
        asked.append(1)
        return None

    sink = Unseen()
    sink._context = Context(statistics=statistics)
    sink.process(rendered(0))
    sink.press("i")
    for _ in range(10):
        sink._words()
    assert len(asked) <= 2


def test_the_figures_of_a_graph() -> None:
    graph = Graph.from_toml(
        "live_overlay",
        {"source.uri": "pattern:64x48@60?frames=20", "infer.model": "ellipse", "sink": {"kind": "null"}},
    )
    lines = figures(graph.run())
    assert "frames/s" in lines[0]
    assert lines[1].endswith("of 20")
    assert lines[2].startswith("model ellipse")
    assert "strength 0.5" in lines[3]
    assert lines[4] == "view overlay, threshold 0.0"
    assert figures(None) == []


def test_the_threshold_cuts_the_mask_and_goes_round() -> None:
    node = Render(view="matte")
    soft = make_mask(np.full((48, 64), 150, np.uint8))
    assert node.process(soft).image is soft.data
    seen = []
    for _ in range(10):
        assert node.command("threshold", "up")
        seen.append((node.counters()["threshold"], int(node.process(soft).image.max())))
    assert seen[4] == (0.5, 255)
    assert seen[7] == (0.8, 0)
    assert seen[9] == (0.0, 150)
    assert node.command("threshold", "down")
    assert node.counters()["threshold"] == 0.9
    assert Render(view="cutout", threshold=0.5).process(Mask(make_frame(), disc())).view == "cutout"
