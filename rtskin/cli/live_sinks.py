"""Where live pictures go: one sink, or several at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from rtskin.errors import InputError
from rtskin.graph.spec import GraphSpec
from rtskin.render.sinks.choose import sink_for

#: The pipeline's own sink.
SINK = "sink"
#: Pictures that wait for a sink beside the first: a third of a second, for disks and servers that hesitate.
_ROOM = 10


def sink_nodes(sinks: Sequence[str], overwrite: bool) -> list[dict[str, Any]]:
    """A node of the pipeline for each ``--sink``. InputError for two windows, or one thing named twice."""
    nodes = []
    for sink in sinks:
        kind, options = sink_for(sink)
        own = {"overwrite": True} if overwrite and "path" in options else {}
        nodes.append({"kind": kind, **options, **own})
    for node in nodes:
        if nodes.count(node) > 1 and node["kind"] != "null":
            raise InputError(f"--sink {sinks[nodes.index(node)]} is said twice; name each sink once")
    # A window stops when nobody looks at it any more, and keys change the others: it goes first.
    return sorted(nodes, key=lambda node: node["kind"] != "window")


def with_sinks(spec: GraphSpec, others: Sequence[dict[str, Any]], *, live: bool) -> GraphSpec:
    """The pipeline with more sinks beside its own. live: a slow one loses pictures, counted, and holds no other up."""
    if not others:
        return spec
    before = [edge.source for edge in spec.edges if edge.target == SINK]
    if len(before) != 1:
        raise InputError(f"several sinks need a pipeline with one node {SINK!r}, fed by one other")
    names = [f"{SINK}-{number}" for number in range(2, len(others) + 2)]
    edges = [
        {"from": before[0], "to": name, "policy": "drop" if live else "every_frame", "size": _ROOM} for name in names
    ]
    return spec.extended(dict(zip(names, others, strict=True)), edges)
