"""Times of a live stream: when its frames are late, and pts that keep growing across reconnects. Pure logic."""

from __future__ import annotations

from fractions import Fraction

#: The clocks of a camera and of this machine drift apart; the best case is forgotten this fast (seconds a second).
_FORGET = 0.001
#: A step in pts of more than this, or backwards, is a break: the sender started again.
_LARGEST_STEP = 10.0
#: Late frames that come no faster than real time for this long are not a backlog: the sender itself paused.
_PATIENCE = 1.0


class LagMeter:
    """How far a stream hangs behind, judged by its pts against the clock.

    Nobody knows when a frame was taken, but the frame that came soonest after its pts had the shortest way; every other
    one is as late as its way was longer. A backlog (after a stall, or behind a slow reader) comes in faster than real
    time, and skipping its frames catches up; frames that come late at their normal rhythm are the new normal.
    """

    def __init__(self, limit: float) -> None:
        self._limit = limit
        self.reset()

    def reset(self) -> None:
        """The stream begins anew."""
        self._best: float | None = None
        self._last = self._last_now = 0.0
        self._since: tuple[float, float] | None = None

    def late(self, time: float, now: float) -> bool:
        """Whether the frame of ``time`` (pts in seconds) that is there at ``now`` is later than the limit."""
        way = now - time
        if self._best is None or not 0 <= time - self._last <= _LARGEST_STEP:
            self._best, self._since = way, None
        else:
            self._best = min(way, self._best + _FORGET * (now - self._last_now))
        self._last, self._last_now = time, now
        lag = way - self._best
        if lag <= self._limit:
            self._since = None
            return False
        return not self._is_normal(lag, way, now)

    def _is_normal(self, lag: float, way: float, now: float) -> bool:
        if self._since is None:
            self._since = (lag, now)
        lag_then, then = self._since
        waited = now - then
        if waited < _PATIENCE:
            return False
        if lag_then - lag < 0.25 * waited:
            self._best, self._since = way, None
            return True
        self._since = (lag, now)
        return False


class Timeline:
    """pts that grow through reconnects, in ticks of one time base. Frames without pts get the time they came at."""

    def __init__(self, time_base: Fraction) -> None:
        self.time_base = time_base
        self._offset: int | None = None
        self._last: int | None = None
        self._last_now = 0.0

    def reset(self) -> None:
        """The stream was opened again: its times begin anywhere."""
        self._offset = None

    def stamp(self, pts: int | None, time_base: Fraction, now: float) -> int:
        """The pts to show for a frame of ``pts`` (ticks of ``time_base``) that came at ``now`` (seconds)."""
        expected = self._expected(now)
        if pts is None:
            out = expected
        else:
            own = round(pts * time_base / self.time_base)
            if self._offset is None:
                self._offset = 0 if self._last is None else expected - own
            out = own + self._offset
            if self._last is not None and not 0 < out - self._last <= self._largest_step(now):
                self._offset = expected - own
                out = expected
        self._last, self._last_now = out, now
        return out

    def _expected(self, now: float) -> int:
        if self._last is None:
            return 0
        return self._last + max(1, int((now - self._last_now) / self.time_base))

    def _largest_step(self, now: float) -> int:
        return int((_LARGEST_STEP + now - self._last_now) / self.time_base)
