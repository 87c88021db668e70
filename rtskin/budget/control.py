"""Which level a graph runs at, by how it does: pure logic, looked at twice a second; the caller brings the clock.

Two things are decided, each for itself. Whether frames wait for their own masks goes by the network's time alone: where it
takes longer than there is, masks ride and the display no longer feels the network. The level goes by what is promised:
missed in two looks in a row, the next cheaper one is taken, and a further one while it stays missed. A better level is
tried after a while, or soon when the work that is the same at all levels has become fast again. A machine that is busy for
ever must not make it change for ever: a trial ends at the first miss, each level that did not hold for long is tried half
as often from then on, and what nodes take is judged by medians.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from rtskin.budget.levels import Level

#: Part of the promised frames that must be shown: a look of half a second sees one more or less.
ENOUGH = 0.9
#: Looks in a row that must miss; and looks after a change that still tell of before.
TWICE, SETTLE = 2, 1
#: Looks of which a node's time is the median: where the network is judged, and where the machine is.
FEW, SEVERAL = 3, 5
#: Looks in a row at which the source gives too few frames, before that is said.
SLOW_SOURCE = 6
#: Seconds before a level is tried that did not hold, at first and at most; and for which it must hold to be trusted.
WAIT, LONGEST_WAIT, HELD = 5.0, 320.0, 60.0
#: Seconds in which a step down follows another so closely that it goes further; and for which a trial is one.
CLOSE, TRIAL = 4.0, 3.0
#: What used to take 1 and now takes less: other load has gone. It is believed after so many seconds, and after this part of
#: the wait.
RELIEVED, SOON, SOONER = 0.6, 2.0, 1 / 4
#: Part of the time between two frames for which one may wait for its mask; what the network may take of the wait, to go on
#: waiting and to begin.
INTERVAL, FULL, FREE = 0.85, 0.9, 0.7
#: Milliseconds that hand-overs take beside the nodes' own work; and the least wait that is worth it.
HANDOVERS, LEAST = 3.0, 2.0


@dataclass(frozen=True)
class Load:
    """A look at a graph. captured, shown: frames a second. latency_ms: capture to sink, the 95th percentile. network_ms: to
    prepare a frame and run the network. display_ms: all that comes after; same_ms: of that, what costs the same at every
    level. slowest: the node that takes longest a packet, in words. None where nothing was done."""

    captured: float
    shown: float
    latency_ms: float | None
    network_ms: float | None = None
    display_ms: float | None = None
    same_ms: float | None = None
    slowest: str = ""


class Choice(NamedTuple):
    """wait_ms: since its capture that a frame waits for its own mask; 0: it takes the newest there is. why: in words."""

    level: Level
    wait_ms: float
    why: str


class Control:
    """fps: frames a second to show, None: all that come. latency_ms: to hold, None: any. waits: frames may wait for their
    own masks."""

    def __init__(
        self,
        levels: Sequence[Level],
        fps: float | None,
        latency_ms: float | None,
        *,
        waits: bool = True,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._levels, self._fps, self._latency_ms, self._clock = tuple(levels), fps, latency_ms, clock
        self._place = self._misses = self._skip = 0
        self._stride = 1
        self._waits = [WAIT] * len(self._levels)
        self._changed = self._stepped = self._next_trial = -float("inf")
        self._trial = False
        self._same_ms: float | None = None
        self._slow_source = 0
        self._network, self._display = Median(FEW), Median(FEW)
        self._same = Median(SEVERAL)
        self._waiting = _Waiting(waits, clock)
        #: Told once each, in words; the caller says it aloud.
        self.news: list[str] = []
        self._told: set[str] = set()
        self.changes = self.missed = 0
        first = self._waiting.most(fps, latency_ms, latency_ms / 2 if latency_ms else 0.0)
        self.choice = Choice(self._levels[0], first, "the best there is")

    def look(self, load: Load) -> Choice:
        """What to use from now on."""
        if self._skip:
            self._skip -= 1
        elif load.shown > 0:  # else nobody sees anything: a pause, a camera that was unplugged
            self._same.add(load.same_ms)
            self._judge(load)
        return self.choice

    def _judge(self, load: Load) -> None:
        missed = self._missed(load)
        self.missed += missed is not None
        self._misses = self._misses + 1 if missed else 0
        if missed and self._misses >= (1 if self._trial else TWICE):
            self._same_ms = self._same.value
            self._cheaper(missed, load)
        elif not missed:
            self._hold(load)
        self._wait_or_ride(load)

    def _missed(self, load: Load) -> str | None:
        """What is promised and not held, in words."""
        wanted = min(self._fps or load.captured, load.captured)
        self._slow_source = self._slow_source + 1 if self._fps and load.captured < ENOUGH * self._fps else 0
        if self._slow_source >= SLOW_SOURCE:
            self._tell(
                "source",
                f"the source gives {load.captured:.0f} frames/s, fewer than the {self._fps or 0:g} to be shown",
            )
        if load.shown < ENOUGH * wanted:
            return f"{load.shown:.0f} of {wanted:.0f} frames/s"
        if self._latency_ms and load.latency_ms and load.latency_ms > self._latency_ms:
            return f"{load.latency_ms:.0f} ms from capture to sink, not {self._latency_ms:g}"
        return None

    def _cheaper(self, why: str, load: Load) -> None:
        now, last = self._clock(), len(self._levels) - 1
        if self._place == last:
            self._tell("cannot", f"the budget cannot be held even with {self._levels[last]}: {why}; {load.slowest}")
            return
        wait = self._waits[self._place]
        held = now - self._changed >= max(HELD, wait)
        self._waits[self._place] = max(wait / 2, WAIT) if held else min(2 * wait, LONGEST_WAIT)
        self._stride = 2 * self._stride if now - self._stepped < CLOSE and not self._trial else 1
        self._stepped = now
        self._go(min(self._place + self._stride, last), why, trial=False)

    def _hold(self, load: Load) -> None:
        now = self._clock()
        if self._trial and now - self._changed >= TRIAL:
            self._trial = False
        if self._place == 0 or self._trial:
            return
        held = now - self._changed
        if self._faster() and held >= max(SOON, SOONER * self._waits[self._place - 1]):
            self._go(self._place - 1, "the machine has become faster", trial=True)
        elif now >= self._next_trial:
            self._go(self._place - 1, f"it held for {held:.0f} s", trial=True)

    def _faster(self) -> bool:
        now, then = self._same.value, self._same_ms
        return now is not None and then is not None and now < RELIEVED * then

    def _go(self, place: int, why: str, *, trial: bool) -> None:
        self._place, self._trial, self._changed = place, trial, self._clock()
        self._next_trial = self._changed + self._waits[max(0, place - 1)]
        self._misses = 0
        self._skip = SETTLE
        self.changes += 1
        wait = self.choice.wait_ms if self._levels[place].every == 1 and self._waiting.on else 0.0
        self.choice = Choice(self._levels[place], wait, why)

    def _wait_or_ride(self, load: Load) -> None:
        level = self.choice.level
        self._network.add(load.network_ms)
        self._display.add(load.display_ms)
        network, display = self._network.value, self._display.value
        if network is None or display is None:
            return
        most = self._waiting.most(self._fps or load.captured, self._latency_ms, display)
        changed = self._waiting.judge(network, most)
        wait = most if self._waiting.on and level.every == 1 else 0.0
        if changed and level.every == 1:
            self.changes += 1
            took = f"the network takes {network:.0f} ms, and there are {most:.0f}"
            self.choice = Choice(level, wait, took)
        elif abs(wait - self.choice.wait_ms) > LEAST or not wait:
            self.choice = self.choice._replace(wait_ms=wait)

    def _tell(self, what: str, words: str) -> None:
        if what not in self._told:
            self._told.add(what)
            self.news.append(words)


class _Waiting:
    """Whether frames wait for their own masks. on: they do."""

    def __init__(self, allowed: bool, clock: Callable[[], float]) -> None:
        self.on = self._allowed = allowed
        self._clock = clock
        self._turned, self._pause = -float("inf"), 0.0

    def most(self, fps: float | None, latency_ms: float | None, display_ms: float) -> float:
        """Milliseconds since its capture that a frame can wait: the next one comes, and what follows takes time too."""
        interval = INTERVAL * 1e3 / fps if fps else 1e3
        left = latency_ms - 1.25 * display_ms - HANDOVERS if latency_ms else 1e3
        return float(max(0, int(min(interval, left)))) if self._allowed else 0.0

    def judge(self, network_ms: float, most: float) -> bool:
        """True where it changes."""
        fits = most >= LEAST and network_ms <= (FULL if self.on else FREE) * most
        now = self._clock()
        since = now - self._turned
        if not self._allowed or fits == self.on or (fits and since < self._pause):
            return False
        if not fits:  # each time that it did not last, the next try comes later
            self._pause = (
                self._pause / 2 if since >= max(HELD, self._pause) else min(max(WAIT, 2 * self._pause), LONGEST_WAIT)
            )
        self.on, self._turned = fits, now
        return True


class Median:
    """Of the last few figures; None before there are so many."""

    def __init__(self, count: int) -> None:
        self._last: deque[float] = deque(maxlen=count)

    def add(self, figure: float | None) -> None:
        """None: there is none."""
        if figure is not None:
            self._last.append(figure)

    @property
    def value(self) -> float | None:
        full = len(self._last) == self._last.maxlen
        return sorted(self._last)[len(self._last) // 2] if full else None
