"""rtskin tune: the fastest way to run a model on this machine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Column, Table

from rtskin.cli import options as o
from rtskin.cli.listing import print_listing

if TYPE_CHECKING:
    from rtskin.infer.measure.tune import Choice
    from rtskin.infer.measure.ways import Measured


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("tune")(tune)


def tune(
    model: Annotated[
        str | None, typer.Argument(help="Name of a model, or the path of a card.", show_default="mobile-unet")
    ] = None,
    device: Annotated[str, typer.Option("--device", help="auto (all there are), cpu, cuda, gpu or npu.")] = "auto",
    seconds: Annotated[float, typer.Option(min=0.5, max=600, help="How long to measure, all ways together.")] = 10.0,
    as_json: o.JsonOption = False,
) -> None:
    """Measure the runtimes that are installed, with their precisions and threads, in turn, and keep the fastest one whose
    answer is the same; --runtime auto takes it from then on, until the model, the machine or a version changes.

    Examples:

      rtskin tune

      rtskin tune mobile-unet-parts --device cpu --seconds 30
    """
    from rtskin.errors import InputError
    from rtskin.infer.cards import DEFAULT_MODEL, load_card
    from rtskin.infer.measure import tune as tuning
    from rtskin.infer.measure.race import Limits
    from rtskin.infer.runtimes.devices import check_device

    check_device(device)
    card = load_card(model or DEFAULT_MODEL)
    if card.weights is None:
        raise InputError(f"{card.name!r} is a method, not a network: there is nothing to choose")
    console = Console(stderr=True)
    with console.status("") as status:
        choice, found = tuning.tune(card, device, Limits(seconds=seconds), progress=status.update)
    if as_json:
        typer.echo(json.dumps(_report(card.name, choice), indent=2))
        return
    print_listing(_table(found, choice))
    threads = "" if choice.way.threads is None else f", {choice.way.threads} thread{'s' * (choice.way.threads > 1)}"
    typer.echo(f"chosen for {card.name}: {choice.way} on {choice.way.device}{threads}: {choice.why}")


def _report(model: str, choice: Choice) -> dict[str, object]:
    return {"model": model, "chosen": choice.way.to_json(), "why": choice.why, "measured": choice.measured}


def _table(found: list[Measured], choice: Choice) -> Table:
    table = Table(Column("runtime", no_wrap=True), "device", "precision")
    for name in ("threads", "ms, p50", "ms, p95", "load, s", "differs by"):
        table.add_column(name, justify="right")
    table.add_column("", overflow="fold")
    for one in found:
        said = (one.way.runtime, one.way.threads, dict(one.way.options))
        chosen = said == (choice.way.runtime, choice.way.threads, dict(choice.way.options))
        threads = "–" if one.way.threads is None else str(one.way.threads)
        if one.error is not None:
            table.add_row(str(one.way), one.way.device, "–", threads, "–", "–", "–", "–", one.error)
            continue
        figures = (f"{one.p50:.2f}", f"{one.p95:.2f}", f"{one.load_s:.2f}", f"{one.difference or 0:.1g}")
        mark = "chosen" if chosen and choice.way.device == one.info["device"] else ""
        table.add_row(str(one.way), one.info["device"], one.info["precision"], threads, *figures, mark)
    return table
