"""rtskin eval: how good models are, on pictures with known skin."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from rtskin.cli import options as o
from rtskin.errors import InputError
from rtskin.files import check_output, write_text

if TYPE_CHECKING:
    from rtskin.evaluate.datasets import Dataset
    from rtskin.evaluate.held_out import HeldOut
    from rtskin.evaluate.sheet import ContactSheet


#: Columns of a table that goes into a file or a pipe.
_WIDE = 140


def register(app: typer.Typer) -> None:
    """Add the verb."""
    app.command("eval")(evaluate)


def evaluate(
    datasets: Annotated[
        list[Path] | None,
        typer.Argument(metavar="DATASET…", help="Folders with images/NAME.* and masks/NAME.png.", show_default=False),
    ] = None,
    models: Annotated[
        str,
        typer.Option(
            "--models",
            "--model",
            "-m",
            metavar="A,B",
            help="Names or paths of cards; the first is compared with the others.",
        ),
    ] = "mobile-unet,ellipse",
    skinless: Annotated[
        list[Path] | None,
        typer.Option(
            help="A folder of pictures in which nothing is skin; may be given more than once.", show_default=False
        ),
    ] = None,
    held_out: Annotated[
        Path | None,
        typer.Option(metavar="RECIPE.toml", help="Only pictures that this training keeps out.", show_default=False),
    ] = None,
    limit: Annotated[
        int | None, typer.Option(min=1, help="At most so many pictures of a set.", show_default=False)
    ] = None,
    markdown: Annotated[Path | None, typer.Option(help="Write the tables there.", show_default=False)] = None,
    sheet: Annotated[
        Path | None,
        typer.Option(metavar="FILE.png", help="Write the worst masks there, one sheet a model.", show_default=False),
    ] = None,
    write_cards: Annotated[
        bool, typer.Option("--write-cards", help="Write the figures into the models' cards.")
    ] = False,
    seed: Annotated[int, typer.Option(min=0, help="Of the bootstrap.")] = 0,
    device: o.DeviceOption = None,
    threads: o.ThreadsOption = None,
    size: o.StillSizeOption = None,
    as_json: o.JsonOption = False,
) -> None:
    """Measure models: IoU, F1, precision, recall, MAE, false skin, with 95 % intervals.

    Examples:

      rtskin eval data/ccp --models mobile-unet,ellipse

      rtskin eval data/ccp --skinless data/negatives --held-out models/mobile-unet/recipe.toml

      rtskin eval data/ccp --models my/model.toml --sheet worst.png --json

      rtskin eval data/ccp --models my/model.toml --held-out my/recipe.toml --write-cards
    """
    from rich.console import Console

    from rtskin.evaluate import report as reports
    from rtskin.evaluate.card_figures import check_cards, write_accuracy
    from rtskin.evaluate.held_out import HeldOut
    from rtskin.evaluate.run import evaluate as run
    from rtskin.evaluate.run import open_models
    from rtskin.evaluate.sheet import ContactSheet

    for path in (markdown, sheet):
        if path is not None:
            check_output(path, overwrite=True)  # now, not after the work
    names = [name.strip() for name in models.split(",") if name.strip()]
    split = HeldOut(held_out) if held_out is not None else None
    sets = _load(datasets or [], skinless or [], split, limit)
    with (
        open_models(names, **o.given({"device": device, "threads": threads, "size": size})) as segmenters,
        _bar() as progress,
    ):
        cards = {model: segmenter.card for model, segmenter in segmenters.items()}
        if write_cards:
            check_cards(cards.values())
        sheets = [ContactSheet(model) for model in segmenters] if sheet else []
        report = run(sets, segmenters, progress=progress, watch=sheets, seed=seed)
    if write_cards:
        write_accuracy(report, cards, split.name if split else None)
    if sheet is not None:
        _save(sheets, sheet)
    if markdown is not None:
        write_text(markdown, reports.to_markdown(report), overwrite=True)
    if as_json:
        typer.echo(json.dumps(reports.to_dict(report), indent=2, allow_nan=False))
    else:
        # Rich takes what is no terminal for one of 80 columns and would fold the tables there.
        Console(width=None if sys.stdout.isatty() else _WIDE).print(reports.to_rich(report))


def _load(pairs: list[Path], skinless: list[Path], split: HeldOut | None, limit: int | None) -> list[Dataset]:
    from rtskin.evaluate.datasets import load_pairs, load_skinless

    if not pairs and not skinless:
        raise InputError("there is nothing to evaluate on: name a folder with images/ and masks/, or use --skinless")
    sets = []
    for folder in [*pairs, *skinless]:
        keep = split.keep(folder) if split else None
        plain = folder in skinless or (split is not None and split.skinless(folder))
        sets.append((load_skinless if plain else load_pairs)(folder, keep, limit))
    return sets


@contextmanager
def _bar() -> Iterator[Callable[[int, int], None]]:
    """A progress bar on standard error, so that --json can be piped."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TimeRemainingColumn

    with Progress(
        "pictures",
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
        console=Console(stderr=True),
        transient=True,
    ) as shown:
        task = shown.add_task("", total=None)
        yield lambda done, total: shown.update(task, completed=done, total=total)


def _save(sheets: list[ContactSheet], path: Path) -> None:
    """worst.png, or worst-MODEL.png where there are several models."""
    for sheet in sheets:
        sheet.save(path if len(sheets) == 1 else path.with_name(f"{path.stem}-{sheet.model}{path.suffix}"))
