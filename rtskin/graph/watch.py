"""How a running graph does of late: its figures from one look to the next, where the statistics count from the start."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from rtskin.graph.stats import NodeMeter


@dataclass(frozen=True)
class Look:
    """What happened since the look before.

    seconds: since then. captured, shown: frames a second that the sources gave and the main sink took. latency_ms: from
    capture to the end of that sink's work, the 95th percentile; None where nothing was shown. node_ms: mean time of a packet
    in each node's own code, of those that had one (a source's own includes the wait for its next frame).
    """

    seconds: float
    captured: float
    shown: float
    latency_ms: float | None
    node_ms: Mapping[str, float] = field(default_factory=dict)


class Watch:
    """One who watches; a look takes about 0.2 ms. meters: by node. sources, sink: names of nodes. way: of those that a frame
    meets between them."""

    def __init__(
        self,
        meters: Mapping[str, NodeMeter],
        sources: Sequence[str],
        sink: str,
        way: Sequence[str] = (),
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._meters, self._sources, self._clock = dict(meters), list(sources), clock
        self.way = list(way)
        self._latency = meters[sink].latency
        self._remember()

    def look(self) -> Look:
        """The figures since the last look, or since the watch began."""
        then, totals, mark, shown = self._then, self._totals, self._mark, self._shown
        latency = self._latency.percentile_since(mark, 95)
        self._remember()
        seconds = max(self._then - then, 1e-9)
        worked = {
            name: (count - totals[name][0], busy - totals[name][1]) for name, (count, busy) in self._totals.items()
        }
        return Look(
            seconds=seconds,
            captured=sum(worked[name][0] for name in self._sources) / seconds,
            shown=(self._shown - shown) / seconds,
            latency_ms=latency,
            node_ms={name: busy / count for name, (count, busy) in worked.items() if count > 0},
        )

    def _remember(self) -> None:
        self._then, self._mark, self._shown = self._clock(), self._latency.mark(), self._latency.count
        self._totals = {name: (meter.busy.count, meter.busy.total_ms) for name, meter in self._meters.items()}
