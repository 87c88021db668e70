"""A report as a table on the terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from rtskin.evaluate.bootstrap import Figure
from rtskin.evaluate.metrics import METRICS
from rtskin.evaluate.run import Report, Results

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Version of the JSON; it grows when a reader would have to change.
VERSION = 1

#: What tables show: metric, heading, in per cent, with its interval.
_COLUMNS = (
    ("mean_iou", "mean IoU", False, True),
    ("pooled_iou", "pooled IoU", False, True),
    ("pooled_f1", "F1", False, False),
    ("pooled_precision", "precision", False, False),
    ("pooled_recall", "recall", False, False),
    ("mae", "MAE", False, False),
    ("false_skin", "false skin %", True, True),
)
#: What models are compared by.
_COMPARED = tuple(column for column in _COLUMNS if column[0] in ("mean_iou", "pooled_iou", "mae", "false_skin"))

NOTE = (
    "At one half; 95 % bootstrap intervals over pictures, paired for differences. Mean IoU: over pictures with skin. "
    "False skin: share of the pixels of pictures without any, meaned over these."
)


def to_dict(report: Report) -> dict[str, Any]:
    """Everything, for JSON: every metric with its interval (null where a set cannot tell), pictures that were left out."""
    return {
        "v": VERSION,
        "models": list(report.models),
        "seed": report.seed,
        "draws": report.draws,
        "datasets": [_dataset(report, results) for results in report.results],
    }


def to_markdown(report: Report) -> str:
    """Tables for a README; ends in a newline."""
    parts = [_markdown_table(*table) for table in _tables(report)]
    return "\n".join([*parts, NOTE, *_left_out(report), ""])


def to_rich(report: Report) -> RenderableType:
    """Tables for a terminal."""
    from rich.box import SIMPLE
    from rich.console import Group
    from rich.table import Table

    shown: list[RenderableType] = []
    for headings, rows in _tables(report):
        table = Table(box=SIMPLE)
        for number, heading in enumerate(headings):
            table.add_column(heading, justify="left" if number in (0, 2) else "right", overflow="fold")
        for row in rows:
            table.add_row(*(cell.replace(" (", "\n(") for cell in row))  # the interval below: terminals are narrow
        shown.append(table)
    return Group(*shown, NOTE, *_left_out(report))


def _tables(report: Report) -> Iterator[tuple[list[str], list[list[str]]]]:
    """Headings and rows of the figures, and of the differences where there are several models."""
    yield ["set", "pictures", "model", *(column[1] for column in _COLUMNS)], list(_figure_rows(report))
    if report.comparisons():
        yield ["set", "pictures", "difference", *(column[1] for column in _COMPARED)], list(_difference_rows(report))


def _figure_rows(report: Report) -> Iterator[list[str]]:
    for results in report.results:
        for model in report.models:
            cells = [
                _cell(report.figure(results, model, metric), percent, with_interval)
                for metric, _, percent, with_interval in _COLUMNS
            ]
            yield [results.dataset.name, str(len(results.items)), model, *cells]


def _difference_rows(report: Report) -> Iterator[list[str]]:
    for results in report.results:
        for one, other in report.comparisons():
            cells = [
                _cell(report.difference(results, one, other, metric), percent, True, sign="+")
                for metric, _, percent, _ in _COMPARED
            ]
            yield [results.dataset.name, str(len(results.items)), f"{one} − {other}", *cells]


def _cell(figure: Figure | None, percent: bool, with_interval: bool, sign: str = "") -> str:
    if figure is None:
        return "–"
    scale, form = (100, f"{sign}.2f") if percent else (1, f"{sign}.3f")
    value, low, high = (f"{scale * number:{form}}" for number in (figure.value, figure.low, figure.high))
    return f"{value} ({low}…{high})" if with_interval else value


def _markdown_table(headings: list[str], rows: list[list[str]]) -> str:
    rule = ["---:" if heading == "pictures" else "---" for heading in headings]
    return "".join(f"| {' | '.join(row)} |\n" for row in [headings, rule, *rows])


def _left_out(report: Report) -> list[str]:
    return [
        f"{results.dataset.name}: {len(results.broken)} left out, not decodable: {', '.join(results.broken)}"
        for results in report.results
        if results.broken
    ]


def _dataset(report: Report, results: Results) -> dict[str, Any]:
    return {
        "name": results.dataset.name,
        "path": results.dataset.path.as_posix(),
        "images": len(results.items),
        "with_skin": results.with_skin,
        "broken": list(results.broken),
        "models": {
            model: {metric: _figure(report.figure(results, model, metric)) for metric in METRICS}
            for model in report.models
        },
        "differences": [
            {
                "model": one,
                "minus": other,
                **{metric: _figure(report.difference(results, one, other, metric)) for metric in METRICS},
            }
            for one, other in report.comparisons()
        ],
    }


def _figure(figure: Figure | None) -> dict[str, float] | None:
    if figure is None:
        return None
    return {"value": round(figure.value, 6), "low": round(figure.low, 6), "high": round(figure.high, 6)}
