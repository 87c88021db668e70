"""Pipelines in which masks ride: the bundled ones, rewired where the network does not look at every frame in turn."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rtskin.errors import GraphSpecError, InputError
from rtskin.graph.spec import GraphSpec
from rtskin.node import Source
from rtskin.smooth.every import Every, parse_every

#: The node that moves masks, in both forms.
NODE = "propagate"
#: The node that holds a budget.
BUDGET = "budget"
#: Packets that may wait before it where nobody knows how many lie between two key frames; each holds a picture.
ROOM = 16


def with_every(spec: GraphSpec, every: Any, *, repeats: bool = False, **options: Any) -> GraphSpec:
    """The pipeline with a network that runs every N frames: ``every`` is 1 … 60, "5" or "auto"; None: as it is.

    Where the source is live (pace "source"), masks are carried to the newest frame, as by :func:`with_latest`; with 1 each
    frame keeps its own. Where every frame is taken, those between two key frames take the masks of both. repeats: the same
    file is to give the same masks. options: others of the node (rtskin.smooth.keyed).

    InputError: what cannot be every; "auto" with ``repeats``. GraphSpecError: a pipeline that is wired in another way.
    """
    if every is None:
        return spec
    if not _is_live(spec):
        return _waiting(spec, _checked(every, repeats=repeats), options)
    every = _checked(every)
    return with_latest(spec, every, **options) if every != 1 else spec


def with_latest(spec: GraphSpec, every: Any = 1, **options: Any) -> GraphSpec:
    """The pipeline with a network beside the stream: each new frame has the newest mask there is, moved onto it."""
    node = {"kind": "pair", "every": _checked(every), **options}
    edges = [f"infer -> {NODE}.scores", f"source -> {NODE}.frame", f"{NODE} -> smooth"]
    return _rewired(spec, node, edges, ("infer", "smooth"))


def with_budget(spec: GraphSpec, **budget: Any) -> GraphSpec:
    """The pipeline with a node that holds it to ``fps`` frames a second and a ``latency`` in milliseconds, whichever are
    given: it lets masks ride where there is no time for each frame's own. budget: its options (rtskin.budget.node).

    InputError: a source of which every frame is taken; GraphSpecError: a pipeline that is wired in another way.
    """
    if not _is_live(spec):
        raise InputError('a budget is for live sources, whose frames may be dropped; with pace "max" everything waits')
    ends = [name for name in spec.nodes if not any(edge.source == name for edge in spec.edges)]
    before = [edge.source for edge in spec.edges if edge.target in ends]
    if not before:
        raise GraphSpecError("a budget needs a pipeline that ends in a sink")
    watched = {"from": before[0], "to": BUDGET, "policy": "drop", "size": 1}
    return with_latest(spec, 1, steered=True).extended({BUDGET: {"kind": "budget", **budget}}, [watched])


def _checked(every: Any, **more: bool) -> Every:
    try:
        return parse_every(every, **more)
    except InputError as error:
        raise error.about(f"nodes.{NODE}.every") from None


def _waiting(spec: GraphSpec, every: Every, options: Mapping[str, Any]) -> GraphSpec:
    # Room for the frames between: else the network would wait for those to be prepared, or to be carried.
    size = ROOM if every == "auto" else every + 1
    edges = [
        {"from": "preprocess", "to": "infer", "size": size},
        {"from": "infer", "to": NODE, "size": size},
        f"{NODE} -> smooth",
    ]
    node = {"kind": "propagate", "every": every, **options}
    return _rewired(spec, node, edges, ("infer", "smooth"), ("preprocess", "infer"))


def _rewired(spec: GraphSpec, node: dict[str, Any], edges: list[Any], *without: tuple[str, str]) -> GraphSpec:
    present = {(edge.source, edge.target) for edge in spec.edges}
    for source, target in without:
        if (source, target) not in present:
            raise GraphSpecError(
                f"masks cannot ride in this pipeline: it has no edge {source!r} -> {target!r}; put a node of the kind "
                f"{node['kind']!r} into it instead"
            )
    return spec.extended({NODE: node}, edges, without)


def _is_live(spec: GraphSpec) -> bool:
    nodes = [spec.nodes[name].build(name) for name in ("source",) if name in spec.nodes]
    return any(isinstance(node, Source) and node.live for node in nodes)
