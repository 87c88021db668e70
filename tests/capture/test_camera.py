from __future__ import annotations

import itertools
import threading
from typing import ClassVar

import numpy as np
import pytest

from rtskin.capture import camera as module
from rtskin.capture import open_source
from rtskin.errors import InputError, NoFramesError, SourceError
from rtskin.media import cv2


class FakeCamera:
    """A cv2.VideoCapture that does what the class attributes say."""

    opens = True
    largest: ClassVar[tuple[int, int]] = (1920, 1080)
    fastest = 30.0
    fails: ClassVar[frozenset[int]] = frozenset()
    limit = 1_000_000
    gray = False
    made: ClassVar[list[FakeCamera]] = []

    def __init__(self, source: object, backend: int) -> None:
        self.source = source
        self.asked: list[tuple[int, float]] = []
        self.values = {
            cv2.CAP_PROP_FRAME_WIDTH: 640.0,
            cv2.CAP_PROP_FRAME_HEIGHT: 480.0,
            cv2.CAP_PROP_FPS: self.fastest,
            cv2.CAP_PROP_FOURCC: float(cv2.VideoWriter.fourcc(*"YUYV")),
        }
        self.reads = 0
        self.released = threading.Event()
        self.turn = threading.Semaphore(0)
        FakeCamera.made.append(self)

    def isOpened(self) -> bool:  # noqa: N802
        return self.opens

    def set(self, prop: int, value: float) -> bool:
        self.asked.append((prop, value))
        bounds = {
            cv2.CAP_PROP_FRAME_WIDTH: self.largest[0],
            cv2.CAP_PROP_FRAME_HEIGHT: self.largest[1],
            cv2.CAP_PROP_FPS: self.fastest,
        }
        self.values[prop] = min(value, bounds.get(prop, value))
        return True

    def get(self, prop: int) -> float:
        return self.values[prop]

    def read(self, image: np.ndarray | None = None):
        if self.reads:
            self.turn.acquire(timeout=10)
        self.reads += 1
        if self.reads > self.limit or self.reads in self.fails:
            return False, None
        shape = (int(self.values[cv2.CAP_PROP_FRAME_HEIGHT]), int(self.values[cv2.CAP_PROP_FRAME_WIDTH]), 3)
        if self.gray:
            return True, np.full(shape[:2], self.reads, np.uint8)
        picture = image if image is not None and image.shape == shape else np.empty(shape, np.uint8)
        picture[:] = self.reads
        return True, picture

    def release(self) -> None:
        self.released.set()


@pytest.fixture
def fake(monkeypatch):
    """A class of its own for each test, and pictures only when the test asks for them."""

    class Own(FakeCamera):
        pass

    FakeCamera.made.clear()
    monkeypatch.setattr(module.cv2, "VideoCapture", Own)
    return Own


def shoot(source, count: int) -> list:
    """So many pictures, one by one, so that none is late."""
    frames = []
    for _ in range(count):
        FakeCamera.made[-1].turn.release()
        frames.append(source.read())
    return frames


def finish(source) -> None:
    FakeCamera.made[-1].turn.release(100)
    source.close()


def test_frames_times_and_info(fake):
    source = open_source(0)
    frames = shoot(source, 5)
    finish(source)
    assert source.live
    assert source.self_paced
    assert (source.info.name, source.info.width, source.info.height, source.info.rate) == ("camera 0", 640, 480, 30)
    assert [frame.seq for frame in frames] == [0, 1, 2, 3, 4]
    assert [int(frame.bgr[0, 0, 0]) for frame in frames] == [2, 3, 4, 5, 6]
    assert frames[0].pts == 0
    assert all(a.pts <= b.pts and a.captured_ns < b.captured_ns for a, b in itertools.pairwise(frames))
    assert source.read() is None
    assert FakeCamera.made[0].released.wait(5)


def test_mjpg_is_asked_for_above_vga_before_the_size(fake):
    finish(open_source("0", width=1280, height=720, rate=30))
    properties = [prop for prop, _ in FakeCamera.made[0].asked]
    assert properties[0] == cv2.CAP_PROP_FOURCC
    assert properties[1:] == [cv2.CAP_PROP_FRAME_WIDTH, cv2.CAP_PROP_FRAME_HEIGHT, cv2.CAP_PROP_FPS]
    assert FakeCamera.made[0].values[cv2.CAP_PROP_FOURCC] == cv2.VideoWriter.fourcc(*"MJPG")
    finish(open_source("0", width=640, height=480))
    assert cv2.CAP_PROP_FOURCC not in [prop for prop, _ in FakeCamera.made[1].asked]


def test_what_the_camera_does_instead_is_said(fake, caplog):
    fake.largest, fake.fastest = (800, 600), 15.0
    source = open_source(0, width=1280, height=720, rate=60)
    finish(source)
    assert (source.info.width, source.info.height, source.info.rate) == (800, 600, 15)
    assert "gives 800×600, not 1280×720" in caplog.text
    assert "gives 15 frames a second, not 60" in caplog.text


def test_nothing_is_said_where_all_is_as_asked(fake, caplog):
    finish(open_source(0, width=1280, height=720, rate=30))
    assert caplog.text == ""


def test_another_format_at_a_large_size_is_said(fake, caplog, monkeypatch):
    def only_yuyv(self, prop, value):
        return prop != cv2.CAP_PROP_FOURCC and FakeCamera.set(self, prop, value)

    monkeypatch.setattr(fake, "set", only_yuyv)
    finish(open_source(0, width=1280, height=720))
    assert "sends YUYV, not MJPG" in caplog.text


def test_single_failures_are_counted_and_many_are_an_error(fake):
    fake.fails, fake.limit = frozenset({3}), 5
    source = open_source(0)
    FakeCamera.made[0].turn.release(100)
    with pytest.raises(SourceError, match="stopped giving pictures"):
        list(source)
    assert source.counters()["damaged"] == 11
    source.close()
    assert FakeCamera.made[0].released.wait(5)


def test_a_camera_that_gives_nothing(fake):
    fake.read = lambda self, image=None: (False, None)
    with pytest.raises(NoFramesError, match="camera 3 opens but gives no picture"):
        open_source(3)
    assert FakeCamera.made[0].released.is_set()


def test_a_grey_camera(fake):
    fake.gray = True
    source = open_source(0)
    assert shoot(source, 1)[0].bgr.shape == (480, 640, 3)
    finish(source)


def test_interrupt_ends_a_blocked_read(fake):
    source = open_source(0)
    result: list[object] = []
    reader = threading.Thread(target=lambda: result.append(source.read()))
    reader.start()
    source.interrupt()
    reader.join(5)
    assert result == [None]
    finish(source)


def test_pictures_nobody_takes_are_late(fake):
    source = open_source(0)
    shoot(source, 1)
    FakeCamera.made[0].turn.release(9)
    while FakeCamera.made[0].reads < 11:
        threading.Event().wait(0.001)
    assert source.counters()["late"] >= 6
    finish(source)


def test_busy(fake):
    fake.opens = False
    with pytest.raises(SourceError, match="camera 0 cannot be opened: it is absent, or busy"):
        open_source(0)
    assert FakeCamera.made[0].released.is_set()


def test_a_camera_that_hangs_while_opening_is_said_and_given_up(monkeypatch, caplog):
    let_go = threading.Event()

    class Hanging(FakeCamera):
        def __init__(self, source: object, backend: int) -> None:
            let_go.wait(10)
            super().__init__(source, backend)

    FakeCamera.made.clear()
    monkeypatch.setattr(module.cv2, "VideoCapture", Hanging)
    monkeypatch.setattr(module, "_SAY_AFTER", 0.02)
    monkeypatch.setattr(module, "_GIVE_UP_AFTER", 0.05)
    with pytest.raises(SourceError, match="did not open within"):
        open_source(0)
    assert "takes its time to open" in caplog.text
    opening = [thread for thread in threading.enumerate() if thread.name.startswith("rtskin-open")]
    let_go.set()
    for thread in opening:
        thread.join(5)
    assert FakeCamera.made[0].released.is_set()


def test_width_without_height():
    with pytest.raises(InputError, match="belong together"):
        open_source(0, width=640)


def test_a_camera_that_is_not_there(capfd):
    with pytest.raises(SourceError, match="camera 97 cannot be opened") as caught:
        open_source(97)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""
