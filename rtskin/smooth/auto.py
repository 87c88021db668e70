"""``auto``: which method a stream gets, by its model, its frame rate and what the method really costs.

The best method is left when it takes too long, and tried again when it may have become faster: other programs come and go,
and cameras halve their rate in the dark. A trial is the method at work for ``MEASURED`` frames, so it is measured, not
guessed. Three things keep a busy machine from changing for ever: a trial is passed well below the limit at which the method
is left; each time that it is left again, the wait before the next trial doubles; and only a minute without leaving it makes
the wait short again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable
from typing import NamedTuple

#: The share of the time between two frames that the best method may take, and with which it is taken back.
SHARE, BACK = 0.15, 0.10
#: Seconds from leaving it to the first trial, and at most; and for which it must stay until the wait is the first again.
WAIT, LONGEST_WAIT, STAYED = 10.0, 320.0, 60.0
#: Frames from which a cost or a rate is taken: the median of so many.
MEASURED = 15


class Choice(NamedTuple):
    """method: "prior", "flow" or "adaptive". why: in words, for the statistics."""

    method: str
    why: str


class Gauge:
    """The median of the last ``MEASURED`` figures; None before there are so many."""

    def __init__(self) -> None:
        self._last: deque[float] = deque(maxlen=MEASURED)

    def add(self, figure: float) -> None:
        self._last.append(figure)

    @property
    def median(self) -> float | None:
        return sorted(self._last)[MEASURED // 2] if len(self._last) == MEASURED else None

    def clear(self) -> None:
        self._last.clear()


class Auto:
    """The best method that there is time for: ``prior`` where the model takes one, else ``flow``; else ``adaptive``.

    Pure logic for one stream with one model. clock: gives seconds. choice: what to use now.
    """

    def __init__(self, takes_prior: bool, clock: Callable[[], float] = time.monotonic) -> None:
        self._best = "prior" if takes_prior else "flow"
        self._reason = "the model takes a prior" if takes_prior else "the model takes no prior"
        self._clock = clock
        self._cost, self._step = Gauge(), Gauge()
        self._trial = False
        #: Seconds of the clock: when the choice last changed, or a trial was passed, and when the next trial is.
        self._since = self._until = clock()
        #: Seconds that the next wait will be, and what the best method took when it was left.
        self._wait, self._took_ms = WAIT, 0.0
        self.choice = Choice(self._best, self._reason)

    def frame(self, cost_ms: float | None, dt: float | None) -> Choice:
        """After each frame. cost_ms: what the method in use took for it, milliseconds; None: not known.

        dt: seconds since the frame before; None or 0 (a source that knows no time): the frame tells nothing.
        """
        if not dt:
            return self.choice
        self._step.add(dt)
        in_use = self.choice.method == self._best
        if in_use and cost_ms is not None:
            self._cost.add(cost_ms)
        interval = self._step.median
        if interval is not None:
            (self._judge if in_use else self._wait_for_trial)(1e3 * interval)
        return self.choice

    def _judge(self, interval_ms: float) -> None:
        cost = self._cost.median
        if cost is None:
            return
        figures = f"{self._best} takes {cost:.1f} of {interval_ms:.1f} ms between frames"
        limit = BACK if self._trial else SHARE
        if cost > limit * interval_ms:
            self._leave(cost, f"{figures}, more than {limit:.0%}")
            return
        if self._trial:
            self._trial, self._since = False, self._clock()
        elif self._clock() - self._since >= STAYED:
            self._wait = WAIT
        self.choice = Choice(self._best, f"{self._reason}; {figures}")

    def _leave(self, cost_ms: float, why: str) -> None:
        self.choice = Choice("adaptive", f"{why}; tried again after {self._wait:.0f} s")
        self._trial, self._since, self._took_ms = False, self._clock(), cost_ms
        self._until = self._since + self._wait
        self._wait = min(2 * self._wait, LONGEST_WAIT)

    def _wait_for_trial(self, interval_ms: float) -> None:
        now = self._clock()
        # Where frames have become rarer, there is time now for what it took, and no need to wait long.
        fits = now - self._since >= WAIT and self._took_ms <= BACK * interval_ms
        if now >= self._until or fits:
            why = f"{self._best} is tried again after {now - self._since:.0f} s; it took {self._took_ms:.1f} ms a frame"
            self.choice = Choice(self._best, why)
            self._trial, self._since = True, now
            self._cost.clear()
