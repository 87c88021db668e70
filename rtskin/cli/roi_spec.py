"""From options of ``rtskin roi`` to more nodes in its pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from rtskin.cli.roi_options import HandsBy
from rtskin.errors import GraphSpecError
from rtskin.graph.spec import GraphSpec


def with_hands(spec: GraphSpec, hands: HandsBy | None, mirrored: bool = False) -> GraphSpec:
    """The pipeline with a node "hands" before its node "feed", or without; None: as it is.

    mirrored: left hands look like right ones.
    """
    there = [name for name, node in spec.nodes.items() if node.kind == "hands"]
    if hands is HandsBy.MEDIAPIPE and not there:
        feeder = before(spec, "feed")
        node = {"kind": "hands", "mirrored": mirrored}
        return spec.extended({"hands": node}, [f"{feeder} -> hands -> feed"], [(feeder, "feed")])
    if hands is HandsBy.NONE:
        for name in there:
            spec = _without(spec, name)
    return spec


def with_plot(spec: GraphSpec, path: Path | None, overwrite: bool) -> GraphSpec:
    """The pipeline with a plot of what its node "feed" gets; None: as it is."""
    if path is None:
        return spec
    node: dict[str, Any] = {"kind": "plot", "path": str(path), "overwrite": overwrite}
    return spec.extended({"plot": node}, [f"{before(spec, 'feed')} -> plot"])


def before(spec: GraphSpec, name: str) -> str:
    """The node that leads into that one; GraphSpecError where there is none."""
    for edge in spec.edges:
        if edge.target == name:
            return edge.source
    raise GraphSpecError(f"the pipeline has no edge into a node {name!r}; rtskin roi needs one")


def _without(spec: GraphSpec, name: str) -> GraphSpec:
    """The pipeline as if the node let everything through."""
    data = spec.model_dump(by_alias=True)
    feeder = before(spec, name)
    edges = [edge for edge in data["edges"] if edge["to"] != name]
    edges = [{**edge, "from": feeder if edge["from"] == name else edge["from"]} for edge in edges]
    nodes = {key: node for key, node in data["nodes"].items() if key != name}
    return GraphSpec.parse({"description": spec.description, "nodes": nodes, "edges": edges})
