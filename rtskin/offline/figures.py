"""The statistics of all segments as one."""

from __future__ import annotations

from statistics import median
from typing import Any

from rtskin.graph.stats import EdgeStatistics, GraphStatistics, NodeStatistics
from rtskin.offline.folder import WorkFolder

_SUMS = ("count", "busy_ms", "cpu_ms", "overhead_cpu_ms")
_PERCENTILES = ("p50_ms", "p95_ms", "p99_ms")


def figures(folder: WorkFolder, written: int) -> GraphStatistics:
    """What the graphs of the mask pass counted, whoever ran them and whenever.

    Counts, seconds and CPU are sums over segments (frames before a segment, which only warm it up, were worked on too);
    percentiles, which cannot be summed, are the median segment's; fps is masks by seconds of their graphs; counters are
    sums, or the last segment's where they are no counts. frames: of the output, ``written``.
    """
    records = [record for segment in folder.segments if (record := folder.record(segment)) is not None]
    parts = [record.statistics for record in records if record.statistics]
    first = parts[0]
    seconds = sum(part["seconds"] for part in parts)
    masks = sum(record.frames for record in records)
    captured = sum(part["frames"]["captured"] for part in parts)
    overhead = sum(part["graph_cpu_ms_per_frame"] * part["frames"]["captured"] for part in parts)
    return GraphStatistics(
        state="done",
        seconds=round(seconds, 3),
        model=first["model"],
        runtime=first["runtime"],
        device=first["device"],
        frames={"captured": written, "rendered": written, "dropped": 0},
        fps=round(masks / seconds, 3) if seconds else 0.0,
        latency_ms={key: _median([part["latency_ms"][key] for part in parts]) for key in first["latency_ms"]},
        graph_cpu_ms_per_frame=round(overhead / max(1, captured), 4),
        nodes={name: _node([part["nodes"][name] for part in parts]) for name in first["nodes"]},
        edges={name: EdgeStatistics(0, 0, {}) for name in first["edges"]},
    )


def _node(parts: list[dict[str, Any]]) -> NodeStatistics:
    figures: dict[str, Any] = {key: round(sum(part[key] for part in parts), 3) for key in _SUMS}
    figures |= {key: _median([part[key] for part in parts]) for key in _PERCENTILES}
    return NodeStatistics(**figures, counters=_counters([part["counters"] for part in parts]))


#: Counters that say how something is set, though they are numbers.
_SETTINGS = ("threads", "lookahead", "every", "strength")


def _counters(parts: list[dict[str, Any]]) -> dict[str, int | float | str]:
    """Those that count, summed."""
    last = parts[-1]
    return {
        key: value if key in _SETTINGS or isinstance(value, str) else sum(part.get(key, 0) for part in parts)
        for key, value in last.items()
    }


def _median(values: list[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return round(median(known), 3) if known else None
