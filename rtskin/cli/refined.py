"""Pipelines whose masks are refined in tiles: where the node goes, and what is asked of it."""

from __future__ import annotations

from typing import Any

from rtskin.errors import GraphSpecError
from rtskin.graph.spec import GraphSpec

NODE, BEFORE = "chunked", "refine"


def with_refinement(
    spec: GraphSpec, refine: bool | None, refiner: str | None = None, tiles: int | None = None
) -> GraphSpec:
    """The pipeline with a node ``chunked`` behind ``refine``, where one of the three asks for it; else as it is.

    It runs where the infer node does, and its masks are of the same classes. GraphSpecError: no node ``refine``.
    """
    if not (refine or refiner or tiles):
        return spec
    if BEFORE not in spec.nodes:
        raise GraphSpecError(f"the pipeline has no node {BEFORE!r}, whose masks could be refined")
    infer = next((node.options for node in spec.nodes.values() if node.kind == "infer"), {})
    options: dict[str, Any] = {key: infer[key] for key in ("device", "threads", "runtime", "classes") if key in infer}
    options |= {"model": refiner} if refiner else {}
    options |= {"tiles": tiles} if tiles else {}
    after = [edge for edge in spec.edges if edge.source == BEFORE]
    moved = [{**edge.model_dump(by_alias=True), "from": NODE} for edge in after]
    without = [(edge.source, edge.target) for edge in after]
    return spec.extended({NODE: {"kind": "chunked", **options}}, [f"{BEFORE} -> {NODE}", *moved], without)
