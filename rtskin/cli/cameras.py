"""rtskin cameras: which cameras there are, and what they offer."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

import typer
from rich.console import Console
from rich.table import Table

from rtskin.capture.formats import Format, list_formats
from rtskin.capture.lister import Camera, list_cameras
from rtskin.cli import options as o

#: Sizes of a camera that the table shows; --json has all.
_SHOWN = 6


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("cameras")(cameras)


def cameras(as_json: o.JsonOption = False) -> None:
    """List the cameras of this machine, and the formats they offer (by the program v4l2-ctl, where it is installed).

    Examples:

      rtskin cameras

      rtskin cameras --json
    """
    found = [(camera, list_formats(camera.path)) for camera in list_cameras()]
    if as_json:
        typer.echo(json.dumps([_plain(*one) for one in found], indent=2))
        return
    if not found:
        typer.echo(_none())
        raise typer.Exit(1)
    table = Table("source", "device", "name", "formats")
    for camera, formats in found:
        table.add_row(str(camera.index), camera.path, camera.name, _words(formats))
    Console().print(table)
    if any(formats is None for _, formats in found):
        typer.echo("formats are listed where v4l2-ctl is installed (apt install v4l-utils)", err=True)


def _plain(camera: Camera, formats: list[Format] | None) -> dict[str, object]:
    return {**asdict(camera), "formats": None if formats is None else [asdict(one) for one in formats]}


def _words(formats: list[Format] | None) -> str:
    if formats is None:
        return "unknown"
    lines = [
        f"{one.width}x{one.height} {one.code}" + (f" {one.rates[0]:g} fps" if one.rates else "") for one in formats
    ]
    more = [f"and {len(lines) - _SHOWN} more"] if len(lines) > _SHOWN else []
    return "\n".join([*lines[:_SHOWN], *more])


def _none() -> str:
    if sys.platform.startswith("linux"):
        return (
            "there is no camera on this machine (no /dev/video*); is it plugged in, and may you read it (group video)?"
        )
    return "this system does not list its cameras; try rtskin live 0, then 1 …"
