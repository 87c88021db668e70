"""When a frame is due, for a source that plays like a camera. Pure logic: whoever waits brings the clock."""

from __future__ import annotations

#: A step in the times of more than this, or backwards, is a break in the material and not a pause to sit through.
LARGEST_STEP = 10.0


class Pacer:
    """Seconds to wait until each frame is due.

    The first frame is due at once, every other one as long after it as its time says. A late consumer does not shift
    the schedule: the frames after it come as soon as they are asked for, until they are on time again. Where times
    step backwards or leap, the schedule goes on from that frame at the rhythm before it.
    """

    def __init__(self, rate: float | None = None) -> None:
        self._step = 1 / rate if rate else 0.0
        self._zero: float | None = None
        self._last = 0.0

    def delay(self, time: float | None, now: float) -> float:
        """Seconds from ``now`` until the frame of ``time`` (seconds; None: not known, due at once) is due; 0 if it is."""
        if time is None:
            return 0.0
        if self._zero is None:
            self._zero = now - time
        elif not 0 <= time - self._last <= LARGEST_STEP:
            self._zero += self._last + self._step - time
        self._last = time
        return max(0.0, self._zero + time - now)
