"""Cameras, by OpenCV."""

from __future__ import annotations

import logging
import sys
import threading
import time
from collections.abc import Generator
from fractions import Fraction
from typing import Any

import numpy as np

from rtskin.capture.base import Capture
from rtskin.capture.lister import list_cameras
from rtskin.capture.pump import Pump
from rtskin.capture.quiet import quiet_opencv
from rtskin.errors import InputError, NoFramesError, SourceError
from rtskin.frame import U8, BgrPicture, Color, Frame, SourceInfo
from rtskin.media import cv2
from rtskin.pool import BufferPool

log = logging.getLogger("rtskin.capture")

#: Opening takes some webcams a few seconds; then it is said, and in the end given up.
_SAY_AFTER, _GIVE_UP_AFTER = 2.0, 15.0
#: Failed reads in a row until a camera counts as gone; single ones happen (a broken MJPG picture).
_FAILURES = 10
_CLOSE_SECONDS = 0.5
_MICROSECOND = Fraction(1, 1_000_000)


class CameraCapture(Capture):
    """A camera by index ("0") or path ("/dev/video0").

    width, height: pixels, both or neither. rate: frames a second. What the camera does instead is read back, and said
    where it differs. pts are microseconds since the first frame. Counters: damaged (pictures the camera failed to give),
    late (pictures nobody took in time).
    """

    live = True
    self_paced = True

    def __init__(
        self, uri: str, *, width: int | None = None, height: int | None = None, rate: float | None = None
    ) -> None:
        if (width is None) != (height is None):
            raise InputError("a camera's width and height belong together; give both or neither")
        self._name = f"camera {uri}" if uri.isdecimal() else uri
        self._device: Any = _open_beside(uri, self._name)
        self._damaged = 0
        try:
            if width and height:
                _ask_size(self._device, width, height)
            if rate:
                self._device.set(cv2.CAP_PROP_FPS, rate)
            first = self._first()
        except BaseException:
            self._device.release()
            raise
        told = float(self._device.get(cv2.CAP_PROP_FPS))
        super().__init__(
            SourceInfo(
                name=self._name,
                width=first.shape[1],
                height=first.shape[0],
                rate=Fraction(told).limit_denominator(1001) if 0 < told <= 1000 else None,
                color=Color(range="pc", matrix="gbr"),
            )
        )
        self._tell(width, height, rate, told)
        self._pool = BufferPool()
        self._begin_ns: int | None = None
        self._pump = Pump(f"rtskin-{self._name}", self._pictures(), keep=2, drop=True)

    def read(self) -> Frame | None:
        item = self._pump.take()
        if item is None:
            return None
        picture, captured_ns = item
        if self._begin_ns is None:
            self._begin_ns = captured_ns
        frame = self._stamp(BgrPicture(picture), (captured_ns - self._begin_ns) // 1000, _MICROSECOND)
        frame.captured_ns = captured_ns
        return frame

    def interrupt(self) -> None:
        super().interrupt()
        self._pump.stop()

    def close(self) -> None:
        self.interrupt()
        self._pump.join(_CLOSE_SECONDS)

    def counters(self) -> dict[str, int | float | str]:
        return {"damaged": self._damaged, "late": self._pump.dropped}

    def _first(self) -> U8:
        for _ in range(_FAILURES):
            good, picture = self._device.read()
            if good and picture is not None:
                return _color(picture)
        raise NoFramesError(f"{self._name} opens but gives no picture; is another program using it?")

    def _pictures(self) -> Generator[tuple[U8, int], None, None]:
        """In the pump's thread: pictures with the time they came at."""
        shape = (self.info.height, self.info.width, 3)
        failures = 0
        try:
            while not self._interrupted.is_set():
                good, picture = self._device.read(self._pool.take(shape, np.uint8))
                captured_ns = time.monotonic_ns()
                if good and picture is not None:
                    failures = 0
                    yield _color(picture), captured_ns
                    continue
                failures += 1
                self._damaged += 1
                if failures == _FAILURES:
                    raise SourceError(f"{self._name} stopped giving pictures; is it unplugged, or did it fall asleep?")
                self._interrupted.wait(0.02)
        finally:
            self._device.release()

    def _tell(self, width: int | None, height: int | None, rate: float | None, told: float) -> None:
        info = self.info
        if width and height and (width, height) != (info.width, info.height):
            log.warning("%s gives %d×%d, not %d×%d", info.name, info.width, info.height, width, height)
        if rate and told > 0 and abs(told - rate) > 0.5:
            log.warning("%s gives %g frames a second, not %g", info.name, told, rate)
        if info.width * info.height > 640 * 480 and width and (code := _fourcc(self._device)) not in ("MJPG", ""):
            log.warning("%s sends %s, not MJPG; at this size that may be slow", info.name, code)


def _ask_size(device: Any, width: int, height: int) -> None:
    # Uncompressed pictures above VGA do not fit through USB 2 at full rate. The format goes first: setting the size
    # picks from what the current format offers.
    if width * height > 640 * 480:
        device.set(cv2.CAP_PROP_FOURCC, cv2.VideoWriter.fourcc(*"MJPG"))
    device.set(cv2.CAP_PROP_FRAME_WIDTH, width)
    device.set(cv2.CAP_PROP_FRAME_HEIGHT, height)


def _fourcc(device: Any) -> str:
    value = int(device.get(cv2.CAP_PROP_FOURCC))
    if value <= 0:
        return ""
    return "".join(chr(value >> shift & 255) for shift in (0, 8, 16, 24)).strip()


def _color(picture: U8) -> U8:
    """Grey cameras (infrared) give one channel."""
    if picture.ndim == 3 and picture.shape[2] == 3:
        return picture
    converted: U8 = cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
    return converted


def _open_beside(uri: str, name: str) -> Any:
    """An open cv2.VideoCapture. A driver may hang in there for a long time, so it is opened in a thread of its own."""
    done, opened = threading.Event(), []
    lock, given_up = threading.Lock(), False

    def run() -> None:
        device = _open(uri)
        with lock:
            if given_up:
                device.release()
            opened.append(device)
        done.set()

    threading.Thread(target=run, name=f"rtskin-open-{name}", daemon=True).start()
    if not done.wait(_SAY_AFTER):
        log.warning("%s takes its time to open; waiting up to %g s", name, _GIVE_UP_AFTER)
        done.wait(_GIVE_UP_AFTER - _SAY_AFTER)
    with lock:
        given_up = not opened
    if given_up:
        raise SourceError(f"{name} did not open within {_GIVE_UP_AFTER:g} s; unplug it and plug it in again")
    device = opened[0]
    if not device.isOpened():
        device.release()
        raise SourceError(f"{name} cannot be opened: it is absent, or busy in another program; {_there_are()}")
    return device


def _open(uri: str) -> Any:
    backend = cv2.CAP_V4L2 if sys.platform.startswith("linux") else cv2.CAP_ANY
    with quiet_opencv():
        return cv2.VideoCapture(int(uri) if uri.isdecimal() else uri, backend)


def _there_are() -> str:
    cameras = list_cameras()
    if not cameras:
        return "no camera is listed on this machine (ls /dev/video*)"
    return f"there are: {', '.join(f'{camera.index} ({camera.name or camera.path})' for camera in cameras)}"
