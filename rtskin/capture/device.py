"""One connection to a camera, by OpenCV."""

from __future__ import annotations

import logging
import os
import sys
import threading
import time
from collections.abc import Generator
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from rtskin.capture.frozen import Frozen
from rtskin.capture.lister import list_cameras
from rtskin.capture.opening import opening_of
from rtskin.capture.quiet import quiet_opencv
from rtskin.errors import NoFramesError, SourceError
from rtskin.frame import U8
from rtskin.media import cv2
from rtskin.pool import BufferPool

log = logging.getLogger("rtskin.capture")

#: Opening takes some webcams a few seconds; then it is said, and in the end given up.
_SAY_AFTER, _GIVE_UP_AFTER = 2.0, 15.0
#: Failed reads in a row until a camera counts as gone; single ones happen (a broken MJPG picture).
_FAILURES = 10
#: Pictures until the automatic exposure and white balance have settled, and can be held.
_SETTLED = 20


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked of a camera; see rtskin.capture.camera.CameraCapture."""

    uri: str
    width: int | None = None
    height: int | None = None
    rate: float | None = None
    lock: bool = False

    @property
    def name(self) -> str:
        """What it is called in messages."""
        return f"camera {self.uri}" if self.uri.isdecimal() else self.uri


class Device:
    """An open camera that has given a picture. SourceError, NoFramesError where there is none.

    width, height: of its pictures. told: frames a second that it says it gives; 0 where it says nothing. quiet: nothing is
    said of what it does otherwise than asked (it was said the first time). damaged: pictures that it failed to give.
    """

    def __init__(self, wanted: Wanted, *, quiet: bool = False) -> None:
        self._wanted, self.name = wanted, wanted.name
        self._device: Any = _opened(wanted)
        self.damaged = 0
        try:
            if wanted.width and wanted.height:
                _ask_size(self._device, wanted.width, wanted.height)
            if wanted.rate:
                self._device.set(cv2.CAP_PROP_FPS, wanted.rate)
            first = self._first()
        except BaseException:
            self._device.release()
            raise
        self.height, self.width = first.shape[:2]
        self.told = float(self._device.get(cv2.CAP_PROP_FPS))
        if not quiet:
            self._tell()

    @property
    def rate(self) -> Fraction | None:
        """Frames a second, where the camera says so."""
        return Fraction(self.told).limit_denominator(1001) if 0 < self.told <= 1000 else None

    def pictures(self, stopped: threading.Event, pool: BufferPool) -> Generator[tuple[U8, int], None, None]:
        """Pictures, uint8 H×W×3, with the time they came at (monotonic ns); gives the camera back in the end.

        SourceError where it stops giving pictures, or gives the same one again and again although it is gone.
        """
        shape, failures, count = (self.height, self.width, 3), 0, 0
        frozen = Frozen(self.told, self._is_there)
        try:
            while not stopped.is_set():
                good, picture = self._device.read(pool.take(shape, np.uint8))
                captured_ns = time.monotonic_ns()
                if good and picture is not None:
                    failures, count = 0, count + 1
                    if count == _SETTLED and self._wanted.lock:
                        self._lock()
                    if frozen(picture, captured_ns / 1e9):
                        raise SourceError(f"{self.name} gives the same picture again and again; is it unplugged?")
                    yield _color(picture), captured_ns
                    continue
                failures += 1
                self.damaged += 1
                if failures == _FAILURES:
                    raise SourceError(f"{self.name} stopped giving pictures; is it unplugged, or did it fall asleep?")
                stopped.wait(0.02)
        finally:
            self._device.release()

    def release(self) -> None:
        """Give it back, where nobody asked for its pictures."""
        self._device.release()

    def _first(self) -> U8:
        for _ in range(_FAILURES):
            good, picture = self._device.read()
            if good and picture is not None:
                return _color(picture)
        raise NoFramesError(f"{self.name} opens but gives no picture; is another program using it?")

    def _is_there(self) -> bool:
        """Whether the system still has the device; True where that cannot be asked."""
        if not sys.platform.startswith("linux"):
            return True
        return os.path.exists(f"/dev/video{self._wanted.uri}" if self._wanted.uri.isdecimal() else self._wanted.uri)

    def _lock(self) -> None:
        """Holds exposure and white balance at what they are now."""
        device, held = self._device, True
        exposure, warmth = device.get(cv2.CAP_PROP_EXPOSURE), device.get(cv2.CAP_PROP_WB_TEMPERATURE)
        # V4L2 says 1 for by hand; the other back ends 0.25.
        held &= bool(device.set(cv2.CAP_PROP_AUTO_EXPOSURE, 1 if sys.platform.startswith("linux") else 0.25))
        held &= bool(device.set(cv2.CAP_PROP_EXPOSURE, exposure))
        held &= bool(device.set(cv2.CAP_PROP_AUTO_WB, 0))
        if warmth > 0:
            held &= bool(device.set(cv2.CAP_PROP_WB_TEMPERATURE, warmth))
        if not held:
            log.warning("%s does not let its exposure or white balance be held by OpenCV", self.name)

    def _tell(self) -> None:
        wanted = self._wanted
        if wanted.width and wanted.height and (wanted.width, wanted.height) != (self.width, self.height):
            log.warning("%s gives %d×%d, not %d×%d", self.name, self.width, self.height, wanted.width, wanted.height)
        if wanted.rate and self.told > 0 and abs(self.told - wanted.rate) > 0.5:
            log.warning("%s gives %g frames a second, not %g", self.name, self.told, wanted.rate)
        code = _fourcc(self._device)
        if self.width * self.height > 640 * 480 and wanted.width and code not in ("MJPG", ""):
            log.warning("%s sends %s, not MJPG; at this size that may be slow", self.name, code)


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


def _opened(wanted: Wanted) -> Any:
    """An open cv2.VideoCapture. SourceError where it does not open, or its driver hangs."""
    opening = opening_of(wanted.uri, lambda: _open(wanted.uri))
    if not opening.wait(_SAY_AFTER):
        log.warning("%s takes its time to open; waiting up to %g s", wanted.name, _GIVE_UP_AFTER)
        opening.wait(_GIVE_UP_AFTER - _SAY_AFTER)
    device = opening.take()
    if device is None:
        raise SourceError(f"{wanted.name} did not open within {_GIVE_UP_AFTER:g} s; unplug it and plug it in again")
    if not device.isOpened():
        device.release()
        raise SourceError(f"{wanted.name} cannot be opened: it is absent, or busy in another program; {_there_are()}")
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
