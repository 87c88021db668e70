"""rtskin bench: how long networks take here, by runtime and size."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.table import Column, Table

from rtskin.cli import options as o
from rtskin.cli.listing import print_listing

if TYPE_CHECKING:
    from rtskin.infer.measure.ways import Measured


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("bench")(bench)


def bench(
    models: Annotated[list[str] | None, typer.Argument(metavar="[MODEL]...", show_default="mobile-unet")] = None,
    runtime: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME[:KEY=VALUE]",
            help="A runtime, with options of its own (openvino:precision=bf16, torch:mode=compile). May be given again.",
            show_default="all that are installed",
        ),
    ] = None,
    size: Annotated[
        list[str] | None,
        typer.Option(help="live, still, small or WIDTHxHEIGHT. May be given again.", show_default="live"),
    ] = None,
    device: Annotated[str, typer.Option("--device", help="cpu, cuda, gpu or npu.")] = "cpu",
    threads: Annotated[int, typer.Option(min=1, help="Threads of each runtime.")] = 1,
    seconds: Annotated[float, typer.Option(min=0.1, max=3600, help="Of measuring, for each model and size.")] = 5.0,
    published: Annotated[
        bool,
        typer.Option("--published", help="The ways and sizes of the published table of skin networks: takes long."),
    ] = False,
    plot: Annotated[Path | None, typer.Option(metavar="FILE", help="Draw it: .png, .svg or .pdf.")] = None,
    overwrite: o.OverwriteOption = False,
    as_json: o.JsonOption = False,
) -> None:
    """Measure networks alone: each way of running one in a process of its own, all ways of one size in turn.

    Load is from the start of its process, with Python's imports done, to the network loaded; first is the first run; p50 and
    p95 are of all later ones; MB the most memory that its process held.

    Examples:

      rtskin bench

      rtskin bench mobile-unet --runtime onnxruntime --runtime openvino:precision=bf16 --size live --size still

      rtskin bench --published --plot times.png
    """
    from rtskin.files import check_output
    from rtskin.infer.cards import DEFAULT_MODEL, load_card
    from rtskin.infer.measure import bench as benches
    from rtskin.infer.measure.race import Limits
    from rtskin.infer.runtimes.devices import check_device
    from rtskin.infer.runtimes.threads import check_threads

    check_device(device)
    check_threads(threads)
    if plot is not None:
        from rtskin.cli.bench_plot import require_plot

        check_output(plot, overwrite)
        require_plot(plot)
    texts = [*(runtime or []), *(benches.PUBLISHED_WAYS if published and not runtime else [])]
    sizes = [*(size or []), *(benches.PUBLISHED_SIZES if published and not size else [])] or ["live"]
    named = benches.named_ways(texts, device, threads)
    cards = [load_card(name) for name in dict.fromkeys(models or [DEFAULT_MODEL])]
    with Console(stderr=True).status("") as status:
        found = benches.bench(
            cards,
            lambda card: named or benches.default_ways(card, device, threads),
            list(dict.fromkeys(sizes)),
            Limits(seconds=seconds),
            status.update,
        )
    if plot is not None:
        from rtskin.cli.bench_plot import draw

        draw(found, plot, overwrite)
    _print(found, as_json)
    if all(one.error is not None for one in found):
        raise typer.Exit(1)


def _print(found: list[Measured], as_json: bool) -> None:
    if as_json:
        typer.echo(json.dumps({"machine": _machine(), "measured": [one.to_json() for one in found]}, indent=2))
        return
    table = Table(Column("model", no_wrap=True), "input", Column("runtime", no_wrap=True), "precision")
    for name in ("p50, ms", "p95, ms", "runs/s", "load, s", "first, ms", "MB"):
        table.add_column(name, justify="right")
    if any(one.error is not None for one in found):
        table.add_column("", overflow="fold")
    for one in found:
        where = (one.model, f"{one.shape[0]}x{one.shape[1]}", str(one.way))
        if one.error is not None:
            table.add_row(*where, *["–"] * 7, one.error)
            continue
        figures = (one.p50, one.p95, 1000 / one.p50, one.load_s, one.first_ms, one.peak_mb)
        formats = ("{:.2f}", "{:.2f}", "{:.1f}", "{:.2f}", "{:.1f}", "{:.0f}")
        cells = (form.format(value) for form, value in zip(formats, figures, strict=True))
        table.add_row(*where, one.info["precision"], *cells)
    print_listing(table)


def _machine() -> dict[str, Any]:
    from rtskin.infer.runtimes.machine import machine, versions

    return {**machine(), "versions": versions()}
