"""When a frame was captured, on the clock on the wall."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

#: Nanoseconds by which the two clocks may disagree with what was known of them before that is taken for a step.
_STEP_NS = 2_000_000
#: Two looks at the monotonic clock around one at the wall's that lie further apart say nothing exact.
_SURE_NS = 100_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class WallClock:
    """Monotonic nanoseconds as RFC 3339.

    The distance of the two clocks is kept while it is right within 2 ms, so that times differ by what really passed
    between them; when the wall's clock is set (or the machine slept), times are by the new one from then on. Ages are none
    of its business: they are differences of monotonic times.
    """

    def __init__(
        self, wall_ns: Callable[[], int] = time.time_ns, monotonic_ns: Callable[[], int] = time.monotonic_ns
    ) -> None:
        self._wall_ns, self._monotonic_ns = wall_ns, monotonic_ns
        self._offset = self._measure()

    def text(self, monotonic_ns: int) -> str:
        """``2026-11-21T20:15:58.123456Z``"""
        offset = self._measure()
        if abs(offset - self._offset) > _STEP_NS:
            self._offset = offset
        moment = _EPOCH + timedelta(microseconds=(monotonic_ns + self._offset) // 1000)
        return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond:06d}Z"

    def _measure(self) -> int:
        """Wall minus monotonic: the closest of a few looks, since the thread may lose the processor within one."""
        best, offset = None, 0
        for _ in range(5):
            before, wall, after = self._monotonic_ns(), self._wall_ns(), self._monotonic_ns()
            if best is None or after - before < best:
                best, offset = after - before, wall - (before + after) // 2
            if best < _SURE_NS:
                break
        return offset
