from __future__ import annotations

import threading
import time

import pytest

from rtskin.capture import node as module
from rtskin.capture.node import SourceNode
from rtskin.capture.pattern import read_number
from rtskin.errors import InputError, SourceError, SourceNotFoundError
from rtskin.node import Context
from rtskin.registry import NODES

from .media import make_video


def read_all(node: SourceNode) -> list:
    frames = []
    while (frame := node.read()) is not None:
        frames.append(frame)
    return frames


class Watch:
    """A clock and an event that move time on instead of waiting."""

    def __init__(self, monkeypatch, node: SourceNode) -> None:
        self.now = 1000.0
        self.waits: list[float] = []
        monkeypatch.setattr(module.time, "monotonic", lambda: self.now)
        monkeypatch.setattr(module.time, "monotonic_ns", lambda: round(self.now * 1e9))
        monkeypatch.setattr(node, "_interrupted", self)

    def wait(self, seconds: float) -> bool:
        self.waits.append(seconds)
        self.now += seconds
        return False

    def is_set(self) -> bool:
        return False


def test_it_is_the_kind_source():
    assert NODES.get("source") is SourceNode


def test_at_source_pace_a_file_plays_like_a_camera(tmp_path, monkeypatch):
    node = SourceNode(uri=str(make_video(tmp_path / "clip.mp4", 30)))
    assert node.live
    assert node.info is None
    watch = Watch(monkeypatch, node)
    node.open(Context())
    frames = read_all(node)
    node.close()
    assert node.info.frames == 30
    assert sum(watch.waits) == pytest.approx(29 / 30, abs=1e-3)
    stamps = [(frame.captured_ns - frames[0].captured_ns) / 1e9 for frame in frames]
    assert stamps == pytest.approx([index / 30 for index in range(30)], abs=1e-3)


def test_at_max_pace_nothing_waits(monkeypatch):
    node = SourceNode(uri="pattern:64x48@10?frames=50", pace="max")
    assert not node.live
    watch = Watch(monkeypatch, node)
    node.open(Context())
    frames = read_all(node)
    node.close()
    assert len(frames) == 50
    assert watch.waits == []


def test_an_endless_pattern_is_paced_too(monkeypatch):
    node = SourceNode(uri="pattern:64x48@10")
    watch = Watch(monkeypatch, node)
    node.open(Context())
    for _ in range(11):
        node.read()
    node.close()
    assert sum(watch.waits) == pytest.approx(1.0)


def test_interrupt_ends_a_wait():
    node = SourceNode(uri="pattern:64x48@0.01")  # a frame every hundred seconds
    node.open(Context())
    assert node.read() is not None
    result = []
    reading = threading.Thread(target=lambda: result.append(node.read()))
    reading.start()
    node.interrupt()
    reading.join(10)
    assert result == [None]
    assert node.read() is None
    node.close()


def test_interrupt_before_open_ends_it_at_once():
    node = SourceNode(uri="pattern:64x48@10", pace="max")
    node.interrupt()
    node.open(Context())
    assert node.read() is None
    node.close()


def test_options_reach_the_source_and_are_checked(tmp_path):
    path = str(make_video(tmp_path / "clip.mp4", 30))
    node = SourceNode(uri=path, pace="max", start=0.5, end=0.6)
    node.open(Context())
    assert [read_number(frame.bgr) for frame in read_all(node)] == [15, 16, 17]
    node.close()
    node = SourceNode(uri=path, width=640)
    with pytest.raises(InputError, match="no option 'width'"):
        node.open(Context())
    node.close()
    for options in ({"pace": "fast"}, {"start": -1}, {"speed": 2}):
        with pytest.raises(InputError):
            SourceNode(uri=path, **options)


def test_a_failed_open_can_be_closed(tmp_path):
    node = SourceNode(uri=str(tmp_path / "absent.mp4"))
    with pytest.raises(SourceNotFoundError):
        node.open(Context())
    node.close()
    with pytest.raises(SourceError, match="not open"):
        node.read()


def test_counters_stay_after_close(tmp_path):
    node = SourceNode(uri=str(make_video(tmp_path / "clip.h264", 10)), pace="max")
    assert node.counters() == {}
    node.open(Context())
    read_all(node)
    assert node.counters()["retimed"] == 10
    node.close()
    assert node.counters()["retimed"] == 10


def test_captured_is_now(tmp_path):
    before = time.monotonic_ns()
    node = SourceNode(uri="pattern:64x48?frames=3")
    node.open(Context())
    stamps = [frame.captured_ns for frame in read_all(node)]
    node.close()
    assert before <= stamps[0] < stamps[1] < stamps[2] <= time.monotonic_ns()
