"""rtskin models: what models there are."""

from __future__ import annotations

import json

import typer
from rich.console import Console
from rich.table import Table

from rtskin.cli import options as o


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("models")(models)


def models(as_json: o.JsonOption = False) -> None:
    """List the models: name, network, input, licence, and where each is.

    Examples:

      rtskin models

      rtskin models --json
    """
    from rtskin.infer.cards import list_models

    cards = list_models()
    if as_json:
        typer.echo(json.dumps([card.model_dump(mode="json") for card in cards], indent=2))
        return
    table = Table("name", "architecture", "input", "licence", "what")
    for card in cards:
        size = f"{card.input.width}×{card.input.height}" if card.input else "any"
        table.add_row(card.name, card.architecture, size, card.licence, card.description)
    Console().print(table)
