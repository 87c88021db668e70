"""Every ``auto`` of a pipeline settled once, so that all workers do the same."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import Any

from rtskin import paths
from rtskin.errors import GraphSpecError, InputError
from rtskin.graph.spec import GraphSpec, NodeSpec
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.node import Infer
from rtskin.infer.weights import checked_weights, digest
from rtskin.node import Context
from rtskin.registry import RUNTIMES
from rtskin.render.chunked import RefineTiles, weights_of
from rtskin.smooth.auto import Auto

#: Nodes of the pipeline offline_render that this package puts others in place of.
SOURCE, RENDER, SINK = "source", "render", "sink"


def mask_part(spec: GraphSpec) -> GraphSpec:
    """The pipeline from its source to its masks: without what makes pictures of them and writes those.

    GraphSpecError where it has no nodes source, render and sink.
    """
    missing = [name for name in (SOURCE, RENDER, SINK) if name not in spec.nodes]
    if missing:
        raise GraphSpecError(
            f"the pipeline has no node {missing[0]!r}; rtskin render needs {SOURCE}, {RENDER} and {SINK}"
        )
    data = spec.model_dump(by_alias=True)
    left = {name: node for name, node in data["nodes"].items() if name not in (RENDER, SINK)}
    edges = [edge for edge in data["edges"] if not {edge["from"], edge["to"].split(".")[0]} & {RENDER, SINK}]
    return GraphSpec.parse({"description": spec.description, "nodes": left, "edges": edges})


def open_model(spec: GraphSpec) -> Infer:
    """The infer node of a pipeline with its model loaded; to be closed. GraphSpecError where there is none or several."""
    names = [name for name, node in spec.nodes.items() if node.kind == "infer"]
    if len(names) != 1:
        raise GraphSpecError(f"the pipeline has {len(names)} nodes of the kind infer; rtskin render needs one")
    node = spec.nodes[names[0]].build(names[0])
    assert isinstance(node, Infer)
    try:
        node.open(Context())
    except BaseException:
        node.close()
        raise
    return node


def settled(spec: GraphSpec, infer: Infer) -> GraphSpec:
    """The pipeline with what was chosen in place of every ``auto``."""
    settings: dict[str, Any] = {}
    for name, node in spec.nodes.items():
        if node.kind == "infer":
            settings |= {f"{name}.{key}": value for key, value in _chosen(infer.segmenter, node.options).items()}
        if node.kind == "smooth" and node.options.get("method", "auto") == "auto":
            settings[f"{name}.method"] = Auto(infer.takes_prior).choice.method
        if node.kind == "chunked":
            settings |= {f"{name}.{key}": value for key, value in _of_refiner(name, node).items()}
    return spec.override(settings)


def _of_refiner(name: str, spec: NodeSpec) -> dict[str, Any]:
    """What was chosen for a node that refines, and the weights that it must have everywhere."""
    node = spec.build(name)
    assert isinstance(node, RefineTiles)
    node.open(Context())
    try:
        weights = weights_of(node.refiner)
        return _chosen(node.refiner, spec.options) | ({} if weights is None else {"weights": weights})
    finally:
        node.close()


def model_facts(segmenter: BaseSegmenter) -> dict[str, Any]:
    """What a model is (its card and its weights, by sha256), and what it really runs on."""
    card, info = segmenter.card, segmenter.info
    facts = {"name": card.name, "card": hashlib.sha256(card.to_toml().encode()).hexdigest()}
    if card.weights is not None:
        facts["weights"] = digest(checked_weights(card))
    return facts | {
        "runtime": info.runtime,
        "device": info.device,
        "precision": info.precision,
        "threads": info.threads,
    }


def _chosen(segmenter: BaseSegmenter, options: Mapping[str, Any]) -> dict[str, Any]:
    info = segmenter.info
    chosen: dict[str, Any] = {"model": _anywhere(str(options.get("model", segmenter.card.name)))}
    if segmenter.card.weights is not None and info.runtime in RUNTIMES.names():
        chosen["runtime"] = info.runtime
        # A tune may have chosen them; in the workers nothing is chosen any more.
        chosen |= {f"runtime_options.{key}": value for key, value in segmenter.runtime_options.items()}
    return chosen | {"device": info.device} | ({} if info.threads is None else {"threads": info.threads})


def _anywhere(model: str) -> str:
    """The name of a model, or the path of its card from anywhere."""
    try:
        path = paths.find("models", model)
    except InputError:
        return model
    return model if path.parent.name == model else str(path.resolve())
