"""rtskin run: any pipeline from a file."""

from __future__ import annotations

import tomllib
from typing import Annotated, Any

import typer

from rtskin.cli import options as o
from rtskin.cli.graphs import graph_from
from rtskin.cli.session import run_graph, show
from rtskin.errors import InputError


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("run")(run)


def run(
    pipeline: Annotated[str, typer.Argument(metavar="FILE.toml", help="A pipeline file, or a bundled one by name.")],
    settings: Annotated[
        list[str] | None, typer.Option("--set", metavar="NODE.KEY=VALUE", help="Change an option; may be repeated.")
    ] = None,
    duration: o.DurationOption = None,
    stats: o.StatsOption = None,
) -> None:
    """Run any pipeline.

    Examples:

      rtskin run my_pipeline.toml

      rtskin run live_overlay --set source.uri=clip.mp4 --set sink.kind=null

      rtskin run my_pipeline.toml --set infer.threads=2 --duration 10 --stats stats.json
    """
    given = dict(map(parse_setting, settings or []))
    graph = graph_from(pipeline, given, written=lambda key: f"--set {key}")
    show(run_graph(graph, duration=duration, stats=stats))


def parse_setting(text: str) -> tuple[str, Any]:
    """``node.key=value``; the value as TOML where it is one (5, true, "text"), else as plain text."""
    key, equals, value = text.partition("=")
    if not equals or "." not in key:
        raise InputError(f"--set takes NODE.KEY=VALUE, not {text!r}")
    try:
        return key.strip(), tomllib.loads(f"value = {value}")["value"]
    except tomllib.TOMLDecodeError:
        return key.strip(), value
