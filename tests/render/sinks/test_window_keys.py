"""What the keys of a window do, without a display."""

from __future__ import annotations

import errno
import subprocess
import sys
import time
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rtskin.errors import InputError
from rtskin.frame import Mask, Region, Regions, Rendered
from rtskin.graph import Graph
from rtskin.media import av, cv2
from rtskin.node import Context
from rtskin.pool import BufferPool
from rtskin.render.node import Render
from rtskin.render.sinks.caption import captioned
from rtskin.render.sinks.file import FileSink
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


@pytest.mark.parametrize(
    ("error", "where", "said"),
    [
        (OSError(errno.ENOSPC, "No space left on device"), "process", "No space left on device"),
        (PermissionError(errno.EACCES, "Permission denied"), "open", "Permission denied"),
        (av.error.InvalidDataError(1, "Invalid data found"), "process", "Invalid data found"),
        (MemoryError("no room for a picture"), "process", "no room for a picture"),
        (ValueError("whatever an encoder says"), "finish", "whatever an encoder says"),
        (OSError(errno.EIO, "Input/output error"), "close", "Input/output error"),
    ],
)
def test_a_recording_that_fails_says_so_and_the_stream_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception, where: str, said: str
) -> None:
    def fail(self: FileSink, *arguments: object) -> None:
        raise error

    monkeypatch.setattr(FileSink, where, fail)
    sink = Unseen(folder=tmp_path)
    sink.press("r")
    sink.process(rendered(0))
    sink.process(rendered(1))
    if where in ("finish", "close"):  # it is not known before
        sink.press("r")
        assert said in sink._words()[-1]
        sink.process(rendered(2))
        return
    give_up = time.monotonic() + 20
    while not sink._words()[-1].startswith("not recorded: "):
        assert time.monotonic() < give_up
        time.sleep(0.01)
    assert said in sink._words()[-1]
    for step in range(2, 50):
        sink.process(rendered(step))  # nobody takes these, and nobody keeps them
    sink.press("r")
    assert sink._words()[-1].startswith("not recorded: ")
    assert not [path for path in tmp_path.iterdir() if path.suffix == ".mp4"]


def test_a_full_disk_ends_a_recording_and_not_the_stream(tmp_path: Path) -> None:
    """A real one: no file of this process may grow beyond 20 kB."""
    script = (
        "import resource, signal, sys, time, numpy as np\n"
        "from pathlib import Path\n"
        "from tests.render.sinks.test_window_keys import Unseen, Rendered, make_frame\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20_000, 20_000))\n"
        "noise, sink = np.random.default_rng(0), Unseen(folder=Path(sys.argv[1]))\n"
        "sink.press('r')\n"
        "until, step = time.monotonic() + 60, 0\n"
        "while time.monotonic() < until and not sink._words()[-1].startswith('not recorded'):\n"
        "    image = noise.integers(0, 256, (240, 320, 3), dtype=np.uint8)\n"
        "    sink.process(Rendered(make_frame(image, seq=step, pts=40 * step), image))\n"
        "    step += 1\n"
        "print(sink._words()[-1])\n"
        "sink.close()\n"
    )
    command = [sys.executable, "-c", script, str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    assert "no space left" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_a_recording_goes_on_in_colour_from_a_matte_to_another_view(tmp_path: Path) -> None:
    sink = Unseen(folder=tmp_path)
    sink.press("r")
    gray = np.full((48, 64), 90, np.uint8)
    sink.process(Rendered(make_frame(gray[..., None].repeat(3, 2), pts=0), gray))
    red = np.full((48, 64, 3), (0, 0, 255), np.uint8)
    sink.process(Rendered(make_frame(red, seq=1, pts=40), red))
    sink.press("r")
    [path] = tmp_path.iterdir()
    assert f"recorded {path} (2 frames)" in sink._words()
    with av.open(str(path)) as container:
        first, second = (frame.to_ndarray(format="bgr24")[24, 32].tolist() for frame in container.decode(video=0))
    assert first == pytest.approx([90, 90, 90], abs=6)
    assert second == pytest.approx([0, 0, 255], abs=12)


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


def test_what_a_key_changes_without_showing_is_said() -> None:
    graph = Graph.from_toml(
        "live_overlay",
        {"source.uri": "pattern:64x48@30?frames=1000", "infer.model": "ellipse", "sink": {"kind": "null"}},
    )
    sink = Unseen()
    with graph:
        graph.start()
        sink._context = Context(command=graph.command, statistics=graph.statistics)
        sink.process(rendered(0))
        for key, said in {
            "s": "smoothing off",
            "+": "smoothing strength 0.6 (it is off)",
            "S": "smoothing auto",
            "-": "smoothing strength 0.5",
            ".": "threshold 0.1",
            ",": "threshold off: soft masks",
            "v": "view pixelate",
            "m": "the next model is being loaded",
        }.items():
            sink.press(key.lower())
            assert sink._words() == [said]
        until = time.monotonic() + 60
        while sink._words() != ["model mobile-unet"]:
            assert time.monotonic() < until
            time.sleep(0.02)


def test_a_model_that_cannot_be_loaded_is_said_and_what_nobody_takes_too() -> None:
    counters = {"model": "a"}
    statistics = SimpleNamespace(nodes={"infer": SimpleNamespace(counters=counters)})
    sink = Unseen()
    sink._context = Context(command=lambda name, value: name == "model", statistics=lambda: statistics)
    sink.process(rendered(0))
    sink.press("m")
    counters["not_loaded"] = "b"
    until = time.monotonic() + 20
    while sink._words() != ["the model b cannot be loaded; a stays"]:
        assert time.monotonic() < until
        time.sleep(0.02)
    sink.press("s")
    assert sink._words() == ["nothing here has a smooth to change"]


def test_what_others_raise_at_a_key_is_said() -> None:
    def break_(name: str, value: str) -> bool:
        raise ZeroDivisionError("in somebody's view")

    sink = Unseen()
    sink._context = Context(command=break_)
    sink.process(rendered(0))
    sink.press("v")
    assert sink._words() == ["ZeroDivisionError: in somebody's view"]


def test_a_mirror_shows_words_that_can_be_read() -> None:
    """What the views paint on the mirrored frame, not the mirror image of what they painted."""
    frame = make_frame(np.zeros((240, 320, 3), np.uint8))
    hand = Region(3, (200, 60, 80, 100), 5000.0, 0.9, "hand", 0.97, velocity=(90.0, 0.0))
    mask = Mask(
        frame, np.zeros((240, 320), np.uint8), regions=Regions(frame, [hand], trails={3: ((240, 110), (200, 90))})
    )
    there = replace(hand, box=(40, 60, 80, 100), velocity=(-90.0, 0.0))
    expected = replace(mask, regions=Regions(frame, [there], trails={3: ((80, 110), (120, 90))}))
    node, sink = Render(view="overlay+rois"), Unseen()
    sink._context = Context(command=node.command)
    plain = node.process(mask)
    assert plain.mirrored is None
    sink.press("x")
    both = node.process(mask)
    assert np.array_equal(both.image, plain.image)
    assert np.array_equal(both.mirrored, Render(view="overlay+rois").process(expected).image)
    assert not np.array_equal(both.mirrored, both.image[:, ::-1])
    sink.process(both)
    assert sink.decorate(both.image, both.mirrored) is both.mirrored
    sink.press("x")
    assert node.process(mask).mirrored is None
    sink.press("x")
    node.set("view", "side-by-side")
    wide = node.process(mask).mirrored
    assert wide is not None
    assert np.array_equal(wide, Render(view="side-by-side").process(expected).image)  # the source is on the left
    node.set("view", "overlay")
    assert node.process(mask).mirrored is None  # turning its pixels round will do


def test_long_messages_go_on_in_the_next_line() -> None:
    pool, image = BufferPool(), np.zeros((240, 320, 3), np.uint8)
    one = captioned(image, ["short"], pool)
    many = captioned(image, ["a message of many words " * 5], pool)
    rows = [int(np.flatnonzero(shown.any(axis=(1, 2)))[-1]) for shown in (one, many)]
    assert rows[1] > rows[0] + 2 * 13
    assert not many[:, -2:].any()


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
