"""A camera that is gone, although its driver goes on giving the last picture. Pure logic."""

from __future__ import annotations

from collections.abc import Callable

from rtskin.frame import U8

#: Seconds of the same picture before anything is thought of it. No sensor is free of noise that long; a drawn picture is.
_PATIENCE = 2.0
#: Pictures that come so much faster than the camera's rate come from no camera.
_TOO_FAST = 3.0


class Frozen:
    """Called with each picture: True where it is the same for seconds, and the device is gone or gives them too fast.

    rate: frames a second as the camera says, 0: unknown. there: whether the system still has the device.
    """

    def __init__(self, rate: float, there: Callable[[], bool]) -> None:
        self._rate, self._there = rate, there
        self._sample, self._since, self._count = b"", 0.0, 0

    def __call__(self, picture: U8, now: float) -> bool:
        sample = picture[::16, ::16].tobytes()
        if sample != self._sample:
            self._sample, self._since, self._count = sample, now, 0
            return False
        self._count += 1
        seconds = now - self._since
        if seconds < _PATIENCE:
            return False
        if not self._there() or (self._rate > 0 and self._count / seconds > _TOO_FAST * self._rate):
            return True
        self._since, self._count = now, 0  # a picture that stands still: look again in a while
        return False
