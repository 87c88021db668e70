"""rtskin models pull: files that rtskin uses where the user has them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Column, Table

from rtskin.cli import options as o
from rtskin.cli.listing import print_listing

if TYPE_CHECKING:
    from rtskin.assets import Asset


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("models pull")(models_pull)


def models_pull(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[NAME]...", help="What to fetch.", show_default="list what there is")
    ] = None,
    url: Annotated[
        list[str] | None,
        typer.Option(
            help="A mirror, https://; asked in place of the usual address. May be given again.", metavar="URL"
        ),
    ] = None,
    offline: Annotated[
        Path | None,
        typer.Option(metavar="FOLDER", help="Take it from here, not from the network.", show_default="$RTSKIN_OFFLINE"),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The models' folder to put it in.", show_default="the user's")
    ] = None,
    overwrite: o.OverwriteOption = False,
) -> None:
    """Fetch what rtskin does not bring along, and check that it is the very file: by https, or from a folder.

    Examples:

      rtskin models pull

      rtskin models pull hand-landmarker

      rtskin models pull hand-landmarker --offline /media/stick
    """
    from rtskin.assets import ASSETS, asset_named
    from rtskin.errors import InputError

    if not names:
        _list(list(ASSETS.values()))
        return
    assets = [asset_named(name) for name in dict.fromkeys(names)]
    if url and len(assets) > 1:
        raise InputError("--url is an address of one file: pull one asset at a time")
    for asset in assets:
        _pull(asset, url or [], folder, offline, overwrite)


def _pull(asset: Asset, urls: list[str], folder: Path | None, offline: Path | None, overwrite: bool) -> None:
    from rtskin.pull import pull

    columns = (TextColumn("{task.description}"), BarColumn(), DownloadColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(asset.name, total=asset.size)
        pulled = pull(
            asset,
            urls=urls,
            folder=folder,
            offline=offline,
            overwrite=overwrite,
            progress=lambda done, of: bar.update(task, completed=done),
        )
    typer.echo(f"{asset.name} is {'now' if pulled.new else 'already'} at {pulled.path}")


def _list(assets: list[Asset]) -> None:
    from rtskin.assets import find_asset

    table = Table(Column("name", no_wrap=True), "what", "licence", Column("MB", justify="right"))
    table.add_column("where", overflow="fold", min_width=20)
    for asset in assets:
        where = find_asset(asset)
        table.add_row(
            asset.name, asset.description, asset.licence, f"{asset.size / 1e6:.1f}", str(where) if where else "not here"
        )
    print_listing(table)
