"""rtskin models: what models there are."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Column, Table

from rtskin.cli import models_build, models_own, models_pull
from rtskin.cli import options as o
from rtskin.cli.listing import print_listing

if TYPE_CHECKING:
    from rtskin.infer.cards import Card


def register(app: typer.Typer) -> None:
    """Add the verbs."""
    app.command("models")(models)
    models_pull.register(app)
    models_own.register(app)
    models_build.register(app)


def models(
    as_json: o.JsonOption = False,
    markdown: Annotated[bool, typer.Option("--markdown", help="Print models/README.md: figures, data, terms.")] = False,
    check: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Say what forbids to give a folder of models to others; 1 where something does."
        ),
    ] = None,
) -> None:
    """List the models: name, network, input, licence, and where each is.

    Examples:

      rtskin models

      rtskin models --json

      rtskin models --markdown > models/README.md

      rtskin models --check models
    """
    if check is not None:
        _check(check)
        return
    from rtskin.infer.card_table import input_of
    from rtskin.infer.cards import list_models

    cards = list_models()
    if markdown:
        from rtskin.infer.card_table import to_markdown
        from rtskin.roi.label.card import list_label_cards

        typer.echo(to_markdown(cards, list_label_cards()), nl=False)
        return
    if as_json:
        typer.echo(json.dumps([{**card.model_dump(mode="json"), "path": str(card.path)} for card in cards], indent=2))
        return
    table = Table(Column("name", no_wrap=True), "architecture", "input", "licence", "what")
    table.add_column("where", overflow="fold", min_width=20)  # a shortened path could not be copied
    for card in cards:
        table.add_row(card.name, card.architecture, input_of(card), card.licence, card.description, _where(card))
    print_listing(table)


def _check(folder: Path) -> None:
    from rtskin.errors import InputError
    from rtskin.train.terms.shipping import faults

    if not any(folder.glob("*/model.toml")):
        raise InputError(f"{folder} holds no models; give a folder of folders with a model.toml")
    found = faults(folder)
    for fault in found:
        typer.echo(fault)
    if found:
        raise typer.Exit(1)
    typer.echo(f"{folder} may be given to others")


def _where(card: Card) -> str:
    """The folder of the card, from here where that is shorter."""
    assert card.path is not None, "a listed card was read from a file"
    folder = card.path.parent
    return str(folder.relative_to(Path.cwd()) if folder.is_relative_to(Path.cwd()) else folder)
