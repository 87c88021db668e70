"""What ``rtskin eval`` does, once its options are put together."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from rtskin.cli.eval_sets import SetOptions, bar, cropped
from rtskin.errors import InputError, nearest
from rtskin.files import check_output, write_text

if TYPE_CHECKING:
    from rtskin.evaluate.datasets import Dataset
    from rtskin.evaluate.hce_pool import EffortPool
    from rtskin.evaluate.run import Report
    from rtskin.evaluate.sheet import ContactSheet
    from rtskin.evaluate.traits import Trait
    from rtskin.infer.cards import Card
    from rtskin.infer.sizes import Size

#: Columns of a table that goes into a file or a pipe.
_WIDE = 140


@dataclass(frozen=True)
class FigureOptions:
    """models: as the command line names them. settings: of their Segmenters."""

    models: Sequence[str]
    settings: Mapping[str, Any]
    by: str | None
    by_table: str | None
    hce: bool
    hce_processes: int | None
    cost: bool
    seed: int

    def effort(self, stack: ExitStack) -> EffortPool | None:
        """The processes for HCE, where it is asked for, until ``stack`` is left."""
        from rtskin.evaluate.hce_pool import EffortPool

        return stack.enter_context(EffortPool(self.hce_processes)) if self.hce else None

    def check(self) -> None:
        """InputError for what no trait is called: before the work."""
        from rtskin.evaluate.traits import TRAITS

        for name in self._traits():
            if name not in TRAITS:
                raise InputError(f"--by knows no {name!r}{nearest(name, TRAITS)}")

    def traits(self, card: Card, sets: Sequence[Dataset]) -> list[Trait]:
        """card: of the first model."""
        from rtskin.evaluate.by_table import table_trait
        from rtskin.evaluate.traits import trait

        size = self._size()
        tables = [table_trait(self.by_table, sets)] if self.by_table else []
        return [*(trait(name, card, size) for name in self._traits()), *tables]

    def costs(self, cards: Mapping[str, Card]) -> dict[str, Any]:
        """By model, at the size that is evaluated; empty where it is not asked for."""
        from rtskin.evaluate.cost import measure as measure_cost

        return measure_cost(cards, self._size()) if self.cost else {}

    def looks(self, cards: Iterable[Card]) -> list[str]:
        """How often networks look, for the report; nothing where there is none."""
        from rtskin.infer.mirror import is_wanted

        twice = is_wanted(self.settings.get("mirror"), self._size())
        how = "a picture and at its mirror image, and both answers are averaged" if twice else "each picture once"
        return [f"Networks look at {how}."] if any(card.weights for card in cards) else []

    def _size(self) -> Size:
        """Of the networks' inputs."""
        from rtskin.infer.sizes import parse_size

        return parse_size(self.settings.get("size", "still"))

    def _traits(self) -> list[str]:
        return [name.strip() for name in (self.by or "").split(",") if name.strip()]


@dataclass(frozen=True)
class OutputOptions:
    """Files to write; no card is written where a training was folded."""

    markdown: Path | None
    sheet: Path | None
    write_cards: bool
    as_json: bool

    def check(self) -> None:
        """SinkError where a file cannot be written: now, not after the work."""
        for path in (self.markdown, self.sheet):
            if path is not None:
                check_output(path, overwrite=True)

    def give(self, report: Report, sheets: Sequence[ContactSheet]) -> None:
        """Write and print."""
        from rich.console import Console

        from rtskin.evaluate import report as reports

        if self.sheet is not None:
            for sheet in sheets:
                sheet.save(_named(self.sheet, sheet.model) if len(sheets) > 1 else self.sheet)
        if self.markdown is not None:
            write_text(self.markdown, reports.to_markdown(report), overwrite=True)
        if self.as_json:
            typer.echo(json.dumps(reports.to_dict(report), indent=2, allow_nan=False))
        else:
            # Rich takes what is no terminal for one of 80 columns and would fold the tables there.
            Console(width=None if sys.stdout.isatty() else _WIDE).print(reports.to_rich(report))


def measure(sets: SetOptions, figures: FigureOptions, output: OutputOptions) -> None:
    """The models as they are."""
    from rtskin.evaluate.card_figures import check_cards, write_accuracy
    from rtskin.evaluate.run import evaluate, open_models
    from rtskin.evaluate.sheet import ContactSheet

    figures.check()
    loaded = sets.load(prove=output.write_cards)
    with ExitStack() as stack:
        segmenters = stack.enter_context(open_models(figures.models, **figures.settings))
        cards = {model: segmenter.card for model, segmenter in segmenters.items()}
        if output.write_cards:
            check_cards(cards.values())
        if not cards:
            raise InputError("name at least one model with --models")
        traits = figures.traits(next(iter(cards.values())), loaded.sets)
        effort = figures.effort(stack)
        sheets = [ContactSheet(model) for model in segmenters] if output.sheet else []
        progress = stack.enter_context(bar("pictures"))
        report = evaluate(
            loaded.sets, segmenters, progress=progress, watch=sheets, traits=traits, effort=effort, seed=figures.seed
        )
    # After the pictures: nothing else runs here then.
    report = replace(report, notes=[*loaded.notes, *figures.looks(cards.values())], costs=figures.costs(cards))
    if output.write_cards:
        write_accuracy(report, cards, loaded.unseen_by)
    output.give(report, sheets)


def cross_validate(
    sets: SetOptions,
    figures: FigureOptions,
    output: OutputOptions,
    folds: int,
    recipe: Path | None,
    steps: int | None,
    data: list[Path] | None,
    out: Path | None,
) -> None:
    """A recipe's folds beside the models."""
    from rtskin.evaluate.datasets import load_pairs
    from rtskin.evaluate.folds import plan, roots_for, run
    from rtskin.evaluate.run import evaluate, open_models, shown_name
    from rtskin.evaluate.sheet import ContactSheet
    from rtskin.train.recipe import load
    from rtskin.train.session import ROOTS, train

    if recipe is None or out is None or len(sets.pairs) != 1:
        raise InputError(
            "--folds needs one DATASET, the --recipe that trains on it, and a folder for the folds (--out)"
        )
    figures.check()
    sets.check()
    dataset = load_pairs(sets.pairs[0], limit=sets.limit)
    # Before the trainings: a part without a single face is told now.
    dataset = cropped(dataset) if sets.crops else dataset
    roots = [*roots_for(dataset, recipe), *(data or ROOTS)]
    planned, notes = plan(recipe, dataset, folds, out, steps, roots)
    name = f"{load(recipe).name}, {folds} folds"
    sheets = [ContactSheet(name)] if output.sheet else []
    cards: dict[str, Card] = {}

    def trained(path: Path, folder: Path, resume: bool) -> Path:
        typer.echo(f"training {folder.name} of {folds}", err=True)
        return train(path, folder, roots, resume)

    def measured(part: Dataset, fold: Mapping[str, Path]) -> Report:
        wanted = {
            **{shown: str(card) for shown, card in fold.items()},
            **{shown_name(model): model for model in figures.models},
        }
        with open_models(wanted, **figures.settings) as segmenters, bar("pictures") as progress:
            cards.update({model: segmenter.card for model, segmenter in segmenters.items()})
            traits = figures.traits(segmenters[name].card, [part])
            return evaluate(
                [part], segmenters, progress=progress, watch=sheets, traits=traits, effort=effort, seed=figures.seed
            )

    with ExitStack() as stack:
        effort = figures.effort(stack)
        report = run(planned, trained, measured, name)
    output.give(replace(report, notes=[*notes, *figures.looks(cards.values())], costs=figures.costs(cards)), sheets)


def _named(path: Path, model: str) -> Path:
    """worst.png of a model: worst-MODEL.png."""
    return path.with_name(f"{path.stem}-{model}{path.suffix}")
