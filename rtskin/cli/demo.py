"""rtskin demo: ten seconds that show what it does, without camera or display."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from rtskin.cli import options as o
from rtskin.cli.render import run_with_progress
from rtskin.cli.session import show
from rtskin.graph import Graph

#: Its own file may be replaced without asking: whoever tries the demo tries it twice.
DEFAULT = Path("rtskin-demo.mp4")


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("demo")(demo)


def demo(
    out: Annotated[Path, typer.Option("--out", help="The video to write.")] = DEFAULT,
    model: o.ModelOption = None,
    overwrite: o.OverwriteOption = False,
    seconds: Annotated[float, typer.Option(min=0.1, help="Length of the video.")] = 10.0,
) -> None:
    """Write a video of a moving portrait: the source, its mask and the overlay side by side.

    Example:

      rtskin demo
    """
    settings = o.given(
        {
            "source.uri": f"demo:640x480@30?seconds={seconds:g}",
            "infer.model": model,
            "render.view": "side-by-side",
            "sink": {"kind": "file", "path": str(out), "overwrite": overwrite or out == DEFAULT},
        }
    )
    show(run_with_progress(Graph.from_toml("offline_render", settings)))
    typer.echo(f"the demo is in {out.resolve()}")
