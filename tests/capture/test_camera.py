from __future__ import annotations

import itertools
import threading
import time
from typing import ClassVar

import numpy as np
import pytest

from rtskin.capture import camera, open_source
from rtskin.capture import device as module
from rtskin.capture.opening import hanging
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
    #: Pictures come without being asked for.
    free = False
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
        if self.free:
            time.sleep(0.002)
        elif self.reads:
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
    source = open_source(0, reconnect=0)
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


def test_one_that_hangs_keeps_one_thread_however_often_it_is_tried(monkeypatch):
    let_go = threading.Event()

    class Hanging(FakeCamera):
        opens = False

        def __init__(self, source: object, backend: int) -> None:
            FakeCamera.made.append(self)
            self.released = threading.Event()
            let_go.wait(10)

    FakeCamera.made.clear()
    monkeypatch.setattr(module.cv2, "VideoCapture", Hanging)
    monkeypatch.setattr(module, "_SAY_AFTER", 0.001)
    monkeypatch.setattr(module, "_GIVE_UP_AFTER", 0.002)
    for _ in range(20):
        with pytest.raises(SourceError, match="did not open within"):
            open_source(7)
    opening = [thread for thread in threading.enumerate() if thread.name == "rtskin-open-7"]
    assert (len(opening), len(FakeCamera.made), hanging("7")) == (1, 1, 1)
    let_go.set()
    opening[0].join(5)
    assert FakeCamera.made[0].released.is_set()
    assert hanging("7") == 0
    with pytest.raises(SourceError, match="cannot be opened"):  # a new attempt
        open_source(7)
    assert len(FakeCamera.made) == 2


@pytest.mark.usefixtures("eager")
def test_a_driver_that_hangs_again_and_again_is_given_up(fake, monkeypatch):
    """Each camera opens, and its second read never returns: the threads are counted, and there are no more than three."""
    monkeypatch.setattr(camera, "_STUCK", 0.02)
    monkeypatch.setattr(camera, "_CLOSE_SECONDS", 0.01)
    source = open_source(0)
    with pytest.raises(SourceError, match="hangs again and again; unplug it") as caught:
        list(source)
    assert "has given no picture" in str(caught.value.__cause__)
    assert len(FakeCamera.made) == source.counters()["hanging"] == 3
    source.close()
    for one in FakeCamera.made:
        one.turn.release(100)
        assert one.released.wait(15)


def test_width_without_height():
    with pytest.raises(InputError, match="belong together"):
        open_source(0, width=640)


def test_a_camera_that_is_not_there(capfd):
    with pytest.raises(SourceError, match="camera 97 cannot be opened") as caught:
        open_source(97)
    assert "\n" not in str(caught.value)
    assert capfd.readouterr().err == ""


def is_status(frame) -> bool:
    """Dark, with letters: the pictures of the fake camera are of one value."""
    return frame.bgr[0, 0, 0] == 24 and frame.bgr.max() > 100


def until(source, wanted) -> list:
    """Reads until a frame is such a one; all that came."""
    frames = []
    give_up = time.monotonic() + 30
    while not frames or not wanted(frames[-1]):
        assert time.monotonic() < give_up
        frames.append(source.read())
        assert frames[-1] is not None
    return frames


@pytest.fixture
def eager(monkeypatch):
    monkeypatch.setattr(camera, "_FIRST_PAUSE", 0.02)
    monkeypatch.setattr(camera, "_LONGEST_PAUSE", 0.05)
    monkeypatch.setattr(camera, "_STATUS_EVERY", 0.01)


@pytest.mark.usefixtures("eager")
def test_an_unplugged_camera_is_looked_for_and_goes_on(fake, caplog):
    fake.limit = 5
    source = open_source(0)
    first = FakeCamera.made[0]
    shoot(source, 4)
    fake.opens = False
    first.turn.release(100)
    frames = until(source, is_status)
    assert first.released.wait(5)
    frames += until(source, is_status)
    assert "stopped giving pictures; is it unplugged, or did it fall asleep?; looking for it" in caplog.text
    fake.opens, fake.limit, fake.free = True, 1_000_000, True
    frames += until(source, lambda frame: not is_status(frame))
    assert "camera 0 is back" in caplog.text
    assert source.counters()["reconnects"] == 1
    assert source.counters()["damaged"] == 10
    assert all(a.pts < b.pts and a.seq + 1 == b.seq for a, b in itertools.pairwise(frames))
    finish(source)


@pytest.mark.usefixtures("eager")
def test_one_that_comes_back_with_another_size_keeps_the_first(fake, caplog):
    fake.limit = 3
    source = open_source(0)
    shoot(source, 2)
    fake.limit = 1_000_000
    normal = fake.__init__

    def smaller(self, *arguments) -> None:
        normal(self, *arguments)
        self.values[cv2.CAP_PROP_FRAME_WIDTH], self.values[cv2.CAP_PROP_FRAME_HEIGHT] = 320.0, 320.0

    fake.__init__ = smaller
    FakeCamera.made[0].limit = 3
    FakeCamera.made[0].turn.release(100)
    until(source, is_status)
    fake.free = True
    frame = until(source, lambda frame: not is_status(frame))[-1]
    assert (frame.width, frame.height) == (640, 480)
    assert frame.bgr[240, 10].tolist() == [0, 0, 0]  # on black
    assert frame.bgr[240, 320, 0] > 0
    assert "320×320 now, which is fitted into 640×480" in caplog.text
    finish(source)


@pytest.mark.usefixtures("eager")
def test_a_camera_whose_driver_hangs_is_left_and_opened_again(fake, caplog, monkeypatch):
    monkeypatch.setattr(camera, "_STUCK", 0.1)
    source = open_source(0)
    until(source, is_status)  # no turn is given: its read hangs
    assert "has given no picture for 0.1 s; looking for it" in caplog.text
    monkeypatch.setattr(camera, "_STUCK", 10)
    fake.free = True
    until(source, lambda frame: not is_status(frame))
    FakeCamera.made[0].turn.release(100)
    assert FakeCamera.made[0].released.wait(15)  # given back when the driver lets go
    finish(source)


@pytest.mark.usefixtures("eager")
def test_one_that_never_comes_back_is_given_up_where_that_is_asked(fake):
    fake.limit = 2
    source = open_source(0, reconnect=3)
    shoot(source, 1)
    fake.opens = False
    FakeCamera.made[0].turn.release(100)
    with pytest.raises(SourceError, match="camera 0 did not come back: camera 0 cannot be opened"):
        list(source)
    assert len(FakeCamera.made) == 4
    source.close()
    with pytest.raises(InputError, match="number of attempts"):
        open_source(0, reconnect=-1)


@pytest.mark.usefixtures("eager")
def test_interrupt_while_it_is_looked_for(fake):
    fake.limit = 2
    source = open_source(0)
    shoot(source, 1)
    fake.opens = False
    FakeCamera.made[0].turn.release(100)
    until(source, is_status)
    source.interrupt()
    assert source.read() is None
    source.close()
    give_up = time.monotonic() + 10
    while any(thread.name.startswith("rtskin-again") for thread in threading.enumerate()):
        assert time.monotonic() < give_up
        time.sleep(0.01)


def test_a_picture_that_never_changes_is_one_of_a_camera_that_is_gone(fake, caplog, monkeypatch):
    monkeypatch.setattr(module.Frozen, "__call__", lambda self, picture, now: bool(picture[0, 0, 0] >= 4))
    source = open_source(0, reconnect=0)
    FakeCamera.made[0].turn.release(100)
    with pytest.raises(SourceError, match="the same picture again and again"):
        list(source)
    source.close()


def test_exposure_and_white_balance_are_held_once_settled(fake, monkeypatch):
    monkeypatch.setattr(module, "_SETTLED", 2)
    source = open_source(0, lock=True)
    own = FakeCamera.made[0]
    own.values |= {cv2.CAP_PROP_EXPOSURE: 123.0, cv2.CAP_PROP_WB_TEMPERATURE: 4500.0}
    shoot(source, 3)
    finish(source)
    asked = dict(own.asked)
    assert asked[cv2.CAP_PROP_EXPOSURE] == 123
    assert asked[cv2.CAP_PROP_WB_TEMPERATURE] == 4500
    assert asked[cv2.CAP_PROP_AUTO_WB] == 0
    assert cv2.CAP_PROP_AUTO_EXPOSURE in asked


def test_a_camera_that_cannot_hold_its_exposure_says_so(fake, monkeypatch, caplog):
    monkeypatch.setattr(module, "_SETTLED", 1)
    source = open_source(0, lock=True)
    own = FakeCamera.made[0]
    own.values |= {cv2.CAP_PROP_EXPOSURE: 0.0, cv2.CAP_PROP_WB_TEMPERATURE: 0.0}
    own.set = lambda prop, value: False
    shoot(source, 2)
    finish(source)
    assert "does not let its exposure or white balance be held" in caplog.text
