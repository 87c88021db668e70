"""rtskin models build: what a runtime would otherwise make of a model at its first start."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from rtskin.infer.runtimes.trt_build import Progress as Report


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("models build")(models_build)


def models_build(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Of a model, or the path of a card.")],
    runtime: Annotated[str, typer.Option("--runtime", help="tensorrt.")] = "tensorrt",
    precision: Annotated[str, typer.Option("--precision", help="fp32, fp16 or int8.")] = "fp32",
    size: Annotated[
        list[str] | None,
        typer.Option(
            "--size",
            help="live, still, small or WIDTHxHEIGHT. May be given again.",
            show_default="live: all its shapes",
        ),
    ] = None,
    timeout: Annotated[float, typer.Option("--timeout", min=1, help="Seconds that one engine may take.")] = 600.0,
) -> None:
    """Build the engines that --runtime tensorrt needs, one for each shape of the network's input, and keep them.

    They are kept for the model's weights, TensorRT's version, the shape and the precision, and with NVIDIA's own tensorrt
    for the kind of GPU; tensorrt-rtx builds without one.

    Examples:

      rtskin models build mobile-unet --runtime tensorrt --precision fp16

      rtskin models build mobile-unet --runtime tensorrt --size 416x224
    """
    from rtskin.errors import InputError
    from rtskin.infer.card_input import times
    from rtskin.infer.cards import load_card
    from rtskin.infer.runtimes.trt_build import engine, network_file, require_tensorrt
    from rtskin.infer.sizes import parse_size, shapes_for

    if runtime != "tensorrt":
        raise InputError(f"only tensorrt builds engines ahead, not {runtime!r}; other runtimes need none")
    card = load_card(name)
    if card.weights is None:
        raise InputError(f"{card.name!r} is a method, not a network: there is nothing to build")
    shapes = dict.fromkeys(shape for one in size or ["live"] for shape in shapes_for(card.tensor, parse_size(one)))
    require_tensorrt()
    network_file(card, precision)  # before the first engine, not after some
    for shape in shapes:
        with _bar(f"{card.name} {times(shape)} {precision}") as report:
            made = engine(card, shape, precision, timeout=timeout, progress=report)
        how = "is there already" if made.seconds is None else f"built in {made.seconds:.1f} s"
        typer.echo(f"{card.name} {times(shape)} {precision}: {how}, {len(made.data) / 1e6:.1f} MB, {made.path}")


@contextmanager
def _bar(title: str) -> Iterator[Report]:
    columns = (TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[phase]}"), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(title, total=1.0, phase="")
        yield lambda phase, part: bar.update(task, completed=part, phase=phase)
