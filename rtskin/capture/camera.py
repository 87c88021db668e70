"""Cameras, which come and go."""

from __future__ import annotations

import logging
import threading
import time
from fractions import Fraction

from rtskin.capture.base import Capture
from rtskin.capture.device import Device, Wanted
from rtskin.capture.fitted import fitted
from rtskin.capture.opening import hanging
from rtskin.capture.pump import Pump
from rtskin.capture.status import status_picture
from rtskin.errors import InputError, SourceError
from rtskin.frame import U8, BgrPicture, Color, Frame, SourceInfo
from rtskin.pool import BufferPool

log = logging.getLogger("rtskin.capture")

#: Seconds without a picture until a read counts as stuck: drivers hang when a camera is pulled out.
_STUCK = 4.0
#: Seconds between two attempts to open a camera that is gone: the first, and the longest.
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 8.0
#: Seconds between two pictures of the state, while there is no camera.
_STATUS_EVERY = 0.2
_CLOSE_SECONDS = 0.5
#: Threads that may be left in a driver that hangs.
_MOST_LEFT = 2
_MICROSECOND = Fraction(1, 1_000_000)


class CameraCapture(Capture):
    """A camera by index ("0") or path ("/dev/video0").

    width, height: pixels, both or neither. rate: frames a second. What the camera does instead is read back, and said
    where it differs. lock: exposure and white balance are held once they have settled, so that masks do not change with
    them. pts are microseconds since the first frame.

    A camera that is unplugged, or hangs, is opened again, after 0.5, 1, 2 … 8 s; until then there are dark pictures that say
    so. If it comes back with another size, its pictures are fitted into the first one's. reconnect: attempts in a row before
    giving up (SourceError); without, no end of them; 0: none. Nothing can end a thread that hangs inside a driver: there is
    at most one that opens the camera, and with three that read it is given up.

    Counters: damaged (pictures the camera failed to give), late (pictures nobody took in time), reconnects, hanging (threads
    that its driver does not let go).
    """

    live = True
    self_paced = True

    def __init__(
        self,
        uri: str,
        *,
        width: int | None = None,
        height: int | None = None,
        rate: float | None = None,
        lock: bool = False,
        reconnect: int | None = None,
    ) -> None:
        if (width is None) != (height is None):
            raise InputError("a camera's width and height belong together; give both or neither")
        if reconnect is not None and reconnect < 0:
            raise InputError(f"reconnect is a number of attempts, 0 or more, not {reconnect}")
        self._wanted, self._attempts = Wanted(uri, width, height, rate, lock), reconnect
        device = Device(self._wanted)
        super().__init__(
            SourceInfo(
                name=self._wanted.name,
                width=device.width,
                height=device.height,
                rate=device.rate,
                color=Color(range="pc", matrix="gbr"),
            )
        )
        self._pool = BufferPool()
        self._begin_ns: int | None = None
        self._damaged = self._late = self._reconnects = 0
        self._again: _Again | None = None
        self._left: list[Pump[tuple[U8, int]]] = []
        self._use(device)

    def read(self) -> Frame | None:
        while not self._interrupted.is_set():
            if self._again is not None:
                frame = self._wait_for(self._again)
                if frame is not None:
                    return frame
                continue
            try:
                item = self._pump.take(_STUCK)
            except TimeoutError:
                self._lose(SourceError(f"{self.info.name} has given no picture for {_STUCK:g} s"))
            except SourceError as error:
                self._lose(error)
            else:
                return None if item is None else self._frame(*item)
        return None

    def interrupt(self) -> None:
        super().interrupt()
        self._pump.stop()

    def close(self) -> None:
        self.interrupt()
        self._pump.join(_CLOSE_SECONDS)
        found = self._again.close() if self._again is not None else None
        if found is not None:
            found.release()

    def counters(self) -> dict[str, int | float | str]:
        damaged, late = self._damaged + self._device.damaged, self._late + self._pump.dropped
        hangs = self._hanging() + hanging(self._wanted.uri)
        return {"damaged": damaged, "late": late, "reconnects": self._reconnects, "hanging": hangs}

    def _hanging(self) -> int:
        """Threads that read, and were left."""
        return sum(pump.alive for pump in list(self._left))

    def _use(self, device: Device) -> None:
        self._device, self._gone = device, threading.Event()
        pictures = device.pictures(self._gone, self._pool)
        self._pump: Pump[tuple[U8, int]] = Pump(f"rtskin-{self.info.name}", pictures, keep=2, drop=True)
        if self._interrupted.is_set():
            self._pump.stop()

    def _frame(self, picture: U8, captured_ns: int) -> Frame:
        if self._begin_ns is None:
            self._begin_ns = captured_ns
        shown = fitted(picture, (self.info.width, self.info.height))
        frame = self._stamp(BgrPicture(shown), (captured_ns - self._begin_ns) // 1000, _MICROSECOND)
        frame.captured_ns = captured_ns
        return frame

    def _lose(self, why: SourceError) -> None:
        """The camera is gone: let go of it, and look for it."""
        self._gone.set()
        self._pump.stop()  # its thread may be stuck inside the driver, and ends when that lets go
        self._left = [pump for pump in [*self._left, self._pump] if pump.alive]
        self._damaged += self._device.damaged
        self._late += self._pump.dropped
        self._device.damaged = self._pump.dropped = 0
        if self._attempts == 0:
            raise why
        if len(self._left) > _MOST_LEFT:
            self._left[-1].join(_CLOSE_SECONDS)  # one that was not stuck ends now
        if self._hanging() > _MOST_LEFT:
            raise SourceError(
                f"the driver of {self.info.name} hangs again and again; unplug it, plug it in again, and start anew"
            ) from why
        log.warning("%s; looking for it", why)
        self._again = _Again(self._wanted, self._attempts)

    def _wait_for(self, again: _Again) -> Frame | None:
        """A picture of the state; None once the camera is back. SourceError where it is given up."""
        if not again.done.wait(_STATUS_EVERY) and not self._interrupted.is_set():
            lines = [f"{self.info.name} is gone", f"looking for it ({again.attempts})"]
            return self._frame(status_picture((self.info.width, self.info.height), lines), time.monotonic_ns())
        self._again = None
        device = again.close()
        if self._interrupted.is_set():
            if device is not None:
                device.release()
            return None
        if device is None:
            raise SourceError(f"{self.info.name} did not come back: {again.error}")
        self._reconnects += 1
        log.warning("%s is back", self.info.name)
        if (device.width, device.height) != (self.info.width, self.info.height):
            size = f"{device.width}×{device.height}"
            log.warning("it gives %s now, which is fitted into %d×%d", size, self.info.width, self.info.height)
        self._use(device)
        return None


class _Again:
    """Tries to open a camera again and again, in a thread of its own.

    done: it is open, or given up. attempts: so far. error: why the last one failed.
    """

    def __init__(self, wanted: Wanted, most: int | None) -> None:
        self.done, self.attempts = threading.Event(), 0
        self.error: Exception | None = None
        self._wanted, self._most = wanted, most
        self._device: Device | None = None
        self._stopping = threading.Event()
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._run, name=f"rtskin-again-{wanted.name}", daemon=True)
        self._thread.start()

    def close(self) -> Device | None:
        """Stop looking; the camera, if it was found."""
        with self._lock:
            self._stopping.set()
            device, self._device = self._device, None
        return device

    def _run(self) -> None:
        pause = _FIRST_PAUSE
        while (self._most is None or self.attempts < self._most) and not self._stopping.wait(pause):
            self.attempts += 1
            pause = min(2 * pause, _LONGEST_PAUSE)
            try:
                device = Device(self._wanted, quiet=True)
            except Exception as error:  # whatever a driver raises: it is looked for on
                self.error = error
                continue
            with self._lock:
                if not self._stopping.is_set():
                    self._device = device
                    break
            device.release()
        self.done.set()
