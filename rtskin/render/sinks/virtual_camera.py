"""Pictures as a camera that other programs can choose."""

from __future__ import annotations

import logging
import sys
import time
from collections import deque
from statistics import median
from typing import Any, ClassVar

from pydantic import Field

from rtskin.capture.fitted import fitted
from rtskin.errors import MissingExtraError, SinkError, reason
from rtskin.frame import U8, Frame
from rtskin.media import cv2
from rtskin.node import Context, NodeOptions
from rtskin.render.sinks.sender import Sender, SendingSink

log = logging.getLogger("rtskin.render")

#: Where the source does not say how many frames a second it gives.
_RATE = 30.0
#: Pictures that the latency is the median of; when so many were sent it is said for the first time.
_MEASURED = 90

#: What makes a virtual camera where there is none, by system.
_STEPS = {
    "linux": (
        "load v4l2loopback (sudo apt install v4l2loopback-dkms, then sudo modprobe v4l2loopback devices=1 exclusive_caps=1 "
        "card_label=rtskin), and see that you may write to its /dev/videoN (group video)"
    ),
    "darwin": "install OBS 30 or newer, start its virtual camera once and allow it in System Settings, then stop it",
    "win32": "install OBS, start its virtual camera once and stop it (or install Unity Capture)",
}


class VirtualCamera(SendingSink):
    """Rendered or Mask → a virtual camera, by pyvirtualcam (extra ``virtualcam``).

    It gets pictures at a constant rate: the last one again where there is no newer one, so that a program that shows it
    never stalls. Its size is that of the first picture; others are fitted into it. SinkError where none can be opened.

    Counters: frames (pictures that came), sent (with those that were repeated), latency_ms (capture to camera).
    """

    class Options(NodeOptions):
        #: As the system calls it ("/dev/video2", "OBS Virtual Camera"); without, the first that is there.
        device: str | None = None
        #: One of pyvirtualcam's; without, the first that works.
        backend: str | None = None
        #: Frames a second; without, the source's.
        rate: float | None = Field(None, gt=0, le=1000)

    idle_every: ClassVar[float | None] = 0.5

    def check(self) -> None:
        _library()

    def open(self, context: Context) -> None:
        self._library = _library()

    def _begin(self, image: U8, frame: Frame) -> Sender:
        sender = self._open_camera(image, frame.source.rate)
        sender.start()
        return sender

    def _open_camera(self, picture: U8, source_rate: Any) -> _Sender:
        height, width = picture.shape[:2]
        rate = self.options.rate or float(source_rate or _RATE)
        asked = {"device": self.options.device, "backend": self.options.backend}
        there = self._library.camera.BACKENDS
        if self.options.backend not in (None, *there):
            raise SinkError(f"pyvirtualcam has no backend {self.options.backend!r} here; there are: {', '.join(there)}")
        try:
            camera = self._library.Camera(width, height, rate, fmt=self._library.PixelFormat.BGR, **asked)
        except (RuntimeError, ValueError, OSError) as error:
            raise SinkError(_refused(error, self.options.device)) from None
        log.info("virtual camera: %s, %d×%d, %g frames a second", camera.device, width, height, rate)
        return _Sender(camera, rate)


class _Sender(Sender):
    """Sends at a constant rate."""

    def __init__(self, camera: Any, rate: float) -> None:
        super().__init__(f"the virtual camera {camera.device}", "rtskin-virtual-camera")
        self._camera, self._rate = camera, rate
        self._size = (camera.width, camera.height)
        self._latencies: deque[float] = deque(maxlen=_MEASURED)
        self._error: Exception | None = None

    def show(self, picture: U8, captured_ns: int) -> None:
        super().show(fitted(_color(picture), self._size), captured_ns)

    def raise_error(self) -> None:
        if self._error is not None:
            raise SinkError(f"{self._name} stopped taking pictures: {reason(self._error)}")

    def close(self) -> bool:
        ended = super().close()
        if ended:  # else it is inside the driver: what it works with must stay
            self._camera.close()
            if len(self._latencies) >= _MEASURED:
                self._say_latency()
        return ended

    def counters(self) -> dict[str, int | float | str]:
        figures = super().counters()
        return figures | ({"latency_ms": round(self._latency(), 1)} if self._latencies else {})

    def _run(self) -> None:
        due, shown = time.monotonic(), None
        while not self._stopping.wait(max(0.0, due - time.monotonic())):
            # After a stall the rhythm begins anew: a burst of pictures would help nobody.
            due = max(due + 1 / self._rate, time.monotonic())
            newest = self._newest
            if newest is None:
                continue
            try:
                self._camera.send(newest[0])
            except Exception as error:  # whatever a driver raises; the node's thread tells it
                self._error = error
                return
            self._figures["sent"] += 1
            if newest is not shown:
                shown = newest
                self._measure(newest[1])

    def _measure(self, captured_ns: int) -> None:
        if not captured_ns:
            return
        first = len(self._latencies) < _MEASURED
        self._latencies.append((time.monotonic_ns() - captured_ns) / 1e6)
        if first and len(self._latencies) == _MEASURED:
            self._say_latency()

    def _latency(self) -> float:
        return median(self._latencies)

    def _say_latency(self) -> None:
        log.info(
            "pictures reach the virtual camera %.0f ms after they were taken; in OBS, Edit > Advanced Audio Properties, "
            "give the microphone a sync offset of %.0f ms",
            self._latency(),
            self._latency(),
        )


def _library() -> Any:
    try:
        import pyvirtualcam
    except ImportError:
        raise MissingExtraError("pyvirtualcam", "virtualcam", "a virtual camera") from None
    return pyvirtualcam


def _refused(error: Exception, device: str | None) -> str:
    """Why each back end could not, in one line, and what to do."""
    why = "; ".join(line.strip() for line in str(error).splitlines() if line.strip())
    which = f"the virtual camera {device}" if device else "a virtual camera"
    system = "linux" if sys.platform.startswith("linux") else sys.platform
    return f"{which} cannot be opened ({why}); {_STEPS.get(system, 'see the documentation of pyvirtualcam')}"


def _color(image: U8) -> U8:
    return image if image.ndim == 3 else cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
