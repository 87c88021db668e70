"""``auto``: which method a stream gets, by its model, its frame rate and what the method really costs."""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

#: The share of the time between two frames that the filter may take.
SHARE = 0.15
#: Frames a second where nothing is known.
USUAL_RATE = 30.0
#: Frames from which a cost or a rate is taken: the median of so many.
MEASURED = 15


class Choice(NamedTuple):
    """method: "prior", "flow" or "adaptive". why: in words, for the statistics."""

    method: str
    why: str


def choose(takes_prior: bool, rate: float | None, cost_ms: float | None) -> Choice:
    """The best method that there is time for.

    takes_prior: the model looks at its last mask. rate: frames a second (None: not known, 30 is taken). cost_ms: measured
    milliseconds a frame of the method that is best by quality, which is ``prior`` where the model takes one, else ``flow``;
    None: not measured yet, or however long it takes. More than 15 % of the time between frames is too much: ``adaptive``.
    """
    best = "prior" if takes_prior else "flow"
    reason = "the model takes a prior" if takes_prior else "the model takes no prior"
    interval = 1000 / (rate or USUAL_RATE)
    if cost_ms is None:
        return Choice(best, reason)
    figures = f"{best} takes {cost_ms:.1f} of {interval:.1f} ms between frames"
    if cost_ms > SHARE * interval:
        return Choice("adaptive", f"{figures}, more than {SHARE:.0%}")
    return Choice(best, f"{reason}; {figures}")


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
