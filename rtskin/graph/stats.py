"""Statistics of a graph: counted while it runs, readable from any thread at any time."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

#: Each bucket of a histogram is this much wider than the one before: percentiles are right within half a percent.
_RATIO = 1.01
_LOWEST_MS = 0.001
_BUCKETS = 2200  # up to about 3,000 s


class Histogram:
    """Durations in milliseconds, in logarithmic buckets: constant memory however long the graph runs.

    Written by one thread at a time; a reader may see a state that is one sample old.
    """

    __slots__ = ("_buckets", "count", "total_ms")

    def __init__(self) -> None:
        self._buckets = [0] * _BUCKETS
        self.count = 0
        self.total_ms = 0.0

    def add(self, milliseconds: float) -> None:
        """Count one duration."""
        place = int(math.log(milliseconds / _LOWEST_MS, _RATIO)) if milliseconds > _LOWEST_MS else 0
        self._buckets[min(place, _BUCKETS - 1)] += 1
        self.count += 1
        self.total_ms += milliseconds

    def percentile(self, percent: float) -> float | None:
        """In milliseconds; None before the first sample."""
        return self.percentile_since((), percent)

    def mark(self) -> list[int]:
        """The state of this moment, for ``percentile_since``."""
        return self._buckets.copy()

    def percentile_since(self, mark: Sequence[int], percent: float) -> float | None:
        """As ``percentile``, of what was added since the mark was taken."""
        buckets = self._buckets.copy()
        if mark:
            buckets = [now - before for now, before in zip(buckets, mark, strict=True)]
        rank = percent / 100 * sum(buckets)
        below = 0
        for place, count in enumerate(buckets):
            below += count
            if count and below >= rank:
                return float(round(_LOWEST_MS * _RATIO ** (place + 0.5), 3))
        return None

    def percentiles(self) -> dict[str, float | None]:
        """p50, p95, p99 in milliseconds."""
        return {f"p{percent}": self.percentile(percent) for percent in (50, 95, 99)}


class NodeMeter:
    """What is counted of a node while it runs.

    cpu_ns: in the node's own code. overhead_ns: the other CPU of its threads, which is the graph's.
    """

    def __init__(self) -> None:
        self.busy = Histogram()
        self.cpu_ns = self.overhead_ns = 0
        self.latency = Histogram()
        self.first_done = self.last_done = 0.0

    def worked(self, wall_ns: int, cpu_ns: int, overhead_ns: int) -> None:
        """One packet took the node so long, and the graph so much CPU since the one before."""
        self.busy.add(wall_ns / 1e6)
        self.cpu_ns += cpu_ns
        self.overhead_ns += overhead_ns

    def idled(self, cpu_ns: int, overhead_ns: int) -> None:
        """The node did something without a packet."""
        self.cpu_ns += cpu_ns
        self.overhead_ns += overhead_ns

    def delivered(self, captured_ns: int) -> None:
        """A packet reached the end of its way."""
        now = time.monotonic_ns()
        self.latency.add((now - captured_ns) / 1e6)
        self.last_done = now / 1e9
        self.first_done = self.first_done or self.last_done

    @property
    def rate(self) -> float:
        """Packets a second between the first and the last delivered one."""
        span = self.last_done - self.first_done
        return (self.latency.count - 1) / span if span > 0 else 0.0


@dataclass(frozen=True)
class NodeStatistics:
    """One node. busy_ms: time in its own code; cpu_ms: CPU of that; overhead_cpu_ms: the other CPU of its threads."""

    count: int
    busy_ms: float
    cpu_ms: float
    overhead_cpu_ms: float
    p50_ms: float | None
    p95_ms: float | None
    p99_ms: float | None
    counters: dict[str, int | float | str] = field(default_factory=dict)


@dataclass(frozen=True)
class EdgeStatistics:
    """One edge. dropped: packets lost here, causes: how many by cause, depth: packets waiting now."""

    depth: int
    dropped: int
    causes: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class GraphStatistics:
    """A graph at one moment. latency_ms is from capture to the end of the main sink's work; fps is of that sink.

    graph_cpu_ms_per_frame: CPU outside the nodes' own code, by frames captured.
    """

    state: str
    seconds: float
    model: str | None
    runtime: str | None
    device: str | None
    frames: dict[str, int]
    fps: float
    latency_ms: dict[str, float | None]
    graph_cpu_ms_per_frame: float
    nodes: dict[str, NodeStatistics]
    edges: dict[str, EdgeStatistics]
    error: str | None = None

    def as_dict(self) -> dict[str, Any]:
        """Plain dictionaries and numbers, for JSON."""
        return asdict(self)
