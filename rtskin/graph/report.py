"""The statistics of a run, put together from what its meters and edges counted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from rtskin.graph.stats import EdgeStatistics, GraphStatistics, NodeStatistics
from rtskin.graph.topology import Link, Topology
from rtskin.node import Source

if TYPE_CHECKING:
    from rtskin.graph.run import Run
    from rtskin.graph.worker import Worker


def report(run: Run) -> GraphStatistics:
    """The figures of this moment."""
    sink = run.workers[run.topology.leaves[0]]
    nodes = {name: _node(worker) for name, worker in run.workers.items()}
    edges = {link.name: _edge(run, link) for link in run.topology.links}
    named = {key: value for node in nodes.values() for key, value in node.counters.items()}
    captured = sum(nodes[name].count for name, node in run.topology.nodes.items() if isinstance(node, Source))
    delivered = sink.meter.latency.count
    return GraphStatistics(
        state=run.state,
        seconds=round((run.ended_at or time.monotonic()) - run.started_at, 3),
        model=_text(named.get("model")),
        runtime=_text(named.get("runtime")),
        device=_text(named.get("device")),
        frames={
            "captured": captured,
            "rendered": delivered,
            "dropped": sum(edges[link.name].dropped for link in _way_to(run.topology, sink.name)),
        },
        fps=round(sink.meter.rate, 3),
        latency_ms=sink.meter.latency.percentiles(),
        graph_cpu_ms_per_frame=round(sum(node.overhead_cpu_ms for node in nodes.values()) / max(1, captured), 4),
        nodes=nodes,
        edges=edges,
        error=str(run.error) if run.error else None,
    )


def _node(worker: Worker) -> NodeStatistics:
    meter = worker.meter
    percentiles = meter.busy.percentiles()
    return NodeStatistics(
        count=meter.busy.count,
        busy_ms=round(meter.busy.total_ms, 3),
        cpu_ms=round(meter.cpu_ns / 1e6, 3),
        overhead_cpu_ms=round(meter.overhead_ns / 1e6, 3),
        p50_ms=percentiles["p50"],
        p95_ms=percentiles["p95"],
        p99_ms=percentiles["p99"],
        counters=worker.counters(),
    )


def _edge(run: Run, link: Link) -> EdgeStatistics:
    edge = run.edges[link]
    return EdgeStatistics(edge.depth, sum(edge.dropped.values()), dict(edge.dropped))


def _way_to(topology: Topology, name: str) -> list[Link]:
    """The links that a frame travels to get to a node; a sampled port brings no frames."""
    links: list[Link] = []
    stack = [name]
    while stack:
        incoming = [link for link in topology.incoming(stack.pop()) if link.way != "newest"]
        links += [link for link in incoming if link not in links]
        stack += [link.source for link in incoming]
    return links


def _text(value: object) -> str | None:
    return None if value is None else str(value)
