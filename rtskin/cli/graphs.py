"""Graphs as the options of a verb describe them: what is wrong with an option is said of the option."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import typer

from rtskin.cli.starting import nothing_to_collect
from rtskin.errors import InputError
from rtskin.graph import Graph
from rtskin.graph.spec import GraphSpec
from rtskin.node import parse_options
from rtskin.registry import NODES

#: What a user writes for a setting of a bundled pipeline, by its key; a whole node's is that of all its options.
_WRITTEN = {
    "source.uri": "the source",
    "source.start": "--start",
    "source.end": "--end",
    "source.pace": "--pace",
    "source.decode": "--decode",
    "infer.model": "--model",
    "infer.device": "--device",
    "infer.threads": "--threads",
    "infer.size": "--size",
    "infer.classes": "--class",
    "preprocess.skip": "--skip",
    "chunked.model": "--refiner",
    "chunked.tiles": "--tiles",
    "smooth.method": "--smooth",
    "smooth.strength": "--strength",
    "smooth.lookahead": "--lookahead",
    "render.view": "--view",
    "propagate.every": "--every",
    "budget.fps": "--fps",
    "budget.latency": "--latency",
    "regions.roi.labels": "--labels",
    "regions.hands": "--hands",
    "hands": "--hands",
    "roi.labels": "--labels",
    "roi.min_size": "--min-size",
    "roi.max_size": "--max-size",
    "roi.max_regions": "--max-regions",
    "roi.ignore": "--ignore",
    "feed.out": "--out",
    "feed.only": "--only",
    "feed.every": "--message-every",
    "plot": "--plot",
    "sink": "--sink",
}


def graph_from(
    pipeline: str,
    settings: Mapping[str, Any],
    change: Callable[[GraphSpec], GraphSpec] = lambda spec: spec,
    written: Callable[[str], str | None] | None = None,
) -> Graph:
    """As :meth:`Graph.from_toml`; an error about what a setting or ``change`` brought in names the option.

    written: what the user wrote for a key ("render.view"); None: not an option.
    """

    def ready(spec: GraphSpec) -> GraphSpec:
        spec = change(spec)
        compile_for(spec)  # before the nodes are made: some compile then
        return spec

    try:
        with nothing_to_collect():
            return Graph.from_toml(pipeline, settings, ready)
    except InputError as error:
        # What the file itself says is placed in it, and has no key any more.
        option = None if error.key is None else (written or option_of)(error.key.removeprefix("nodes."))
        if option is None:
            raise
        raise InputError(f"{option}: {error.bare or error}") from None


def compile_for(spec: GraphSpec) -> None:
    """Compile what its nodes need, where this machine never did; one line says so.

    Not for nodes with options that are wrong: building them says that.
    """
    from rtskin.kernels.numba_alone import load_numba

    load_numba()
    from rtskin.kernels.ahead import compile_ahead  # after it: this loads numba

    seconds: dict[str, float] = {}
    try:
        for node in spec.nodes.values():
            kind = NODES.get(node.kind)
            if (options := getattr(kind, "Options", None)) is not None:
                parse_options(options, node.options, node.kind)
            seconds |= getattr(kind, "kernels", {})
    except InputError:
        return
    compile_ahead(seconds, lambda line: typer.echo(f"rtskin: {line}", err=True))


def option_of(key: str) -> str | None:
    """The option for a key; of several sinks ("sink-2") it is the same."""
    node, dot, rest = key.partition(".")
    key = f"{node.partition('-')[0]}{dot}{rest}" if node.startswith("sink-") else key
    while key:
        if key in _WRITTEN:
            return _WRITTEN[key]
        key = key.rpartition(".")[0]
    return None
