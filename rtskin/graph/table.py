"""Statistics as a rich table."""

from __future__ import annotations

from rich.console import Group
from rich.table import Column, Table
from rich.text import Text

from rtskin.graph.stats import GraphStatistics


def as_table(statistics: GraphStatistics) -> Group:
    """What a person wants to see after a run: a headline, a row a node, a row an edge that dropped."""
    frames, latency = statistics.frames, statistics.latency_ms
    headline = (
        f"{frames['rendered']} of {frames['captured']} frames, {frames['dropped']} dropped, {statistics.fps:.1f} fps, "
        f"latency p50 {_ms(latency['p50'])} p95 {_ms(latency['p95'])} ms"
    )
    parts: list[Text | Table] = [Text(headline), _nodes(statistics)]
    if any(edge.dropped for edge in statistics.edges.values()):
        parts.append(_edges(statistics))
    return Group(*parts)


def _nodes(statistics: GraphStatistics) -> Table:
    figures = [Column(name, justify="right") for name in ("packets", "p50 ms", "p95 ms", "p99 ms", "CPU ms")]
    table = Table("node", *figures, "notes")
    for name, node in statistics.nodes.items():
        cpu = node.cpu_ms / node.count if node.count else 0.0
        notes = ", ".join(f"{key} {value}" for key, value in node.counters.items())
        table.add_row(name, str(node.count), _ms(node.p50_ms), _ms(node.p95_ms), _ms(node.p99_ms), f"{cpu:.2f}", notes)
    return table


def _edges(statistics: GraphStatistics) -> Table:
    table = Table("edge", "dropped", "cause")
    for name, edge in statistics.edges.items():
        for cause, count in edge.causes.items():
            table.add_row(name, str(count), cause)
    return table


def _ms(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f}"
