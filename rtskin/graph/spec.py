"""GraphSpec: a graph as data, the one description behind ``pipelines/*.toml`` and Python.

::

    description = "masks over a camera"
    edges = ["source -> preprocess -> infer -> smooth -> refine -> render -> sink"]

    [nodes.infer]
    kind = "infer"
    model = "ellipse"      # everything but kind and workers is an option of the node

An edge is an arrow between names, or a table ``{ from = "source", to = "pair.frame", policy = "drop", size = 1 }``.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator, model_validator

from rtskin.errors import GraphSpecError, InputError, UnknownNameError, nearest
from rtskin.graph.lines import LineIndex
from rtskin.node import Node
from rtskin.registry import NODES

Policy = Literal["auto", "every_frame", "drop"]


class NodeSpec(BaseModel):
    """A node: its kind, its number of workers, and the options that the kind defines."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str
    workers: int = Field(1, ge=1, le=64)
    options: dict[str, Any] = Field(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _gather(cls, data: Any) -> Any:
        """In TOML the options stand beside the kind."""
        if not isinstance(data, Mapping):
            return data
        own = {key: data[key] for key in ("kind", "workers") if key in data}
        rest = {key: value for key, value in data.items() if key not in ("kind", "workers", "options")}
        options = data.get("options", {})
        return {**own, "options": {**options, **rest} if isinstance(options, Mapping) else options}

    def build(self, name: str) -> Node:
        """The node itself, its options checked."""
        where = f"nodes.{name}"
        try:
            kind = NODES.get(self.kind)
        except UnknownNameError as error:
            raise error.about(f"{where}.kind") from None
        try:
            node = kind(**self.options)
        except InputError as error:
            raise error.about(f"{where}.{error.key}" if error.key else where) from None
        except TypeError as error:  # a kind with a constructor of its own that does not know the option
            raise GraphSpecError(f"node {name!r}: {error}").about(where) from error
        assert isinstance(node, Node)
        return node


class EdgeSpec(BaseModel):
    """An edge from a node to a node's port ("node" or "node.port").

    policy "auto": a live source's frames pass an admission slot, a sampled port keeps the newest packet, everything else
    gets every frame. "drop": a branch of its own that never holds the others. size: packets that may wait.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    source: str = Field(alias="from")
    target: str = Field(alias="to")
    policy: Policy = "auto"
    size: int = Field(2, ge=1, le=1024)


class GraphSpec(BaseModel):
    """Nodes by name and the edges between them."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    description: str = ""
    nodes: dict[str, NodeSpec] = Field(default_factory=dict)
    edges: list[EdgeSpec] = Field(default_factory=list)

    @field_validator("edges", mode="before")
    @classmethod
    def _expand(cls, edges: Any) -> Any:
        """``"a -> b -> c"`` is two edges."""
        if not isinstance(edges, list):
            return edges
        expanded: list[Any] = []
        for edge in edges:
            if isinstance(edge, str):
                names = [name.strip() for name in edge.split("->")]
                if len(names) < 2 or not all(names) or "." in names[0]:
                    raise ValueError(f"an edge is written 'node -> node', not {edge!r}")
                expanded += [{"from": a.split(".")[0], "to": b} for a, b in pairwise(names)]
            else:
                expanded.append(edge)
        return expanded

    @classmethod
    def parse(cls, data: Mapping[str, Any]) -> GraphSpec:
        """From plain data; GraphSpecError says what is wrong and names the nearest valid name."""
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            first: dict[str, Any] = dict(error.errors()[0])
            raise GraphSpecError(_explain(first)).about(".".join(map(str, first["loc"]))) from None

    def override(self, settings: Mapping[str, Any]) -> GraphSpec:
        """A changed copy: ``{"infer.model": "ellipse", "infer.runtime_options.delay_ms": 5}``.

        A key that is only a node's name replaces the whole node.
        """
        data: dict[str, Any] = {name: node.model_dump() for name, node in self.nodes.items()}
        for key, value in settings.items():
            name, *path = key.split(".")
            if name not in data:
                raise GraphSpecError(f"--set {key}: no node is called {name!r}{nearest(name, data)}")
            if not path:
                data[name] = {"options": {}, **value} if isinstance(value, Mapping) else value
                continue
            place = data[name] if path[0] in ("kind", "workers") else data[name]["options"]
            for part in path[:-1]:
                place = place.setdefault(part, {})
                if not isinstance(place, dict):
                    raise GraphSpecError(f"--set {key}: {part!r} holds a plain value, nothing is below it")
            place[path[-1]] = value
        return self.parse({"description": self.description, "nodes": data, "edges": self._edges_as_data()})

    def extended(
        self, nodes: Mapping[str, Any], edges: Sequence[Any], without: Sequence[tuple[str, str]] = ()
    ) -> GraphSpec:
        """A copy with more nodes and edges, and without the edges between the named pairs."""
        kept = [edge for edge in self._edges_as_data() if (edge["from"], edge["to"]) not in without]
        present = {name: node.model_dump() for name, node in self.nodes.items()}
        return self.parse({"description": self.description, "nodes": {**present, **nodes}, "edges": [*kept, *edges]})

    def _edges_as_data(self) -> list[dict[str, Any]]:
        return [edge.model_dump(by_alias=True) for edge in self.edges]


def read_spec(path: Path) -> tuple[GraphSpec, LineIndex]:
    """A pipeline file and where its keys stand; GraphSpecError names the file and, where it can, the line."""
    try:
        text = path.read_text("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise GraphSpecError(f"{path}: cannot be read as a pipeline: {error}") from None
    lines = LineIndex(path, text)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise GraphSpecError(f"{path}: {error}") from None
    try:
        return GraphSpec.parse(data), lines
    except GraphSpecError as error:
        raise lines.placed(error) from None


def _explain(item: dict[str, Any]) -> str:
    place = [str(part) for part in item["loc"]]
    if item["type"] == "extra_forbidden":
        model = EdgeSpec if place[0] == "edges" else GraphSpec
        known = [field.alias or name for name, field in model.model_fields.items()]
        return f"unknown key {'.'.join(place)!r}{nearest(place[-1], known)}"
    if item["type"] == "missing":
        return f"{'.'.join(place[:-1])!r} lacks {place[-1]!r}"
    return f"{'.'.join(place)}: {item['msg'].removeprefix('Value error, ')}"
