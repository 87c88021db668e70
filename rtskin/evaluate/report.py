"""A report as a table on the terminal, as Markdown, as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from rtskin.evaluate.bootstrap import Figure
from rtskin.evaluate.breakdown import Breakdown, breakdowns
from rtskin.evaluate.layout import WORDS, Table, remarks, tables
from rtskin.evaluate.metrics import METRICS
from rtskin.evaluate.run import Report, Results

if TYPE_CHECKING:
    from rich.console import RenderableType

#: Version of the JSON; it grows when a reader would have to change.
VERSION = 1


def to_dict(report: Report) -> dict[str, Any]:
    """Everything, for JSON: every metric with its interval (null where a set cannot tell), pictures that were left out."""
    return {
        "v": VERSION,
        "models": list(report.models),
        "seed": report.seed,
        "draws": report.draws,
        "notes": list(report.notes),
        "datasets": [_dataset(report, results) for results in report.results],
        "breakdowns": [_broken_down(report, one) for one in breakdowns(report)],
        "cost": {
            model: {
                "parameters": cost.parameters,
                "macs": cost.macs,
                "input": list(cost.shape) if cost.shape else None,
                "size": cost.size,
                "ms": dict(cost.ms),
            }
            for model, cost in report.costs.items()
        },
    }


def to_markdown(report: Report) -> str:
    """Tables for a README; ends in a newline."""
    return markdown(tables(report), remarks(report))


def to_rich(report: Report) -> RenderableType:
    """Tables for a terminal."""
    return rich_group(tables(report), remarks(report))


def markdown(laid_out: Iterable[Table], said: Sequence[str]) -> str:
    """Tables, then remarks, as Markdown; ends in a newline."""
    parts = [_markdown_table(*table) for table in laid_out]
    return "\n".join([*parts, "\n\n".join(said), ""])


def rich_group(laid_out: Iterable[Table], said: Sequence[str]) -> RenderableType:
    """The same for a terminal."""
    from rich.box import SIMPLE
    from rich.console import Group
    from rich.table import Table as RichTable

    shown: list[RenderableType] = []
    for headings, rows in laid_out:
        table = RichTable(box=SIMPLE)
        for heading in headings:
            table.add_column(heading, justify="left" if heading in WORDS else "right", overflow="fold")
        for row in rows:
            table.add_row(*(cell.replace(" (", "\n(") for cell in row))  # the interval below: terminals are narrow
        shown.append(table)
    return Group(*shown, *said)


def _markdown_table(headings: list[str], rows: list[list[str]]) -> str:
    rule = ["---:" if heading == "pictures" else "---" for heading in headings]
    return "".join(f"| {' | '.join(row)} |\n" for row in [headings, rule, *rows])


def _dataset(report: Report, results: Results) -> dict[str, Any]:
    return {
        "name": results.dataset.name,
        "path": results.dataset.path.as_posix(),
        "images": len(results.items),
        "with_skin": results.with_skin,
        "broken": list(results.broken),
        "models": {
            model: {metric: figure_data(report.figure(results, model, metric)) for metric in METRICS}
            for model in report.models
        },
        "differences": [
            {
                "model": one,
                "minus": other,
                **{metric: figure_data(report.difference(results, one, other, metric)) for metric in METRICS},
            }
            for one, other in report.comparisons()
        ],
    }


def _broken_down(report: Report, breakdown: Breakdown) -> dict[str, Any]:
    metrics = ("mean_iou", "pooled_iou", "mean_boundary_iou", "false_skin")
    return {
        "by": breakdown.trait.name,
        "what": breakdown.trait.title,
        "dataset": breakdown.results.dataset.name,
        "edges": [round(edge, 6) for edge in breakdown.edges],
        "unknown": breakdown.unknown,
        "models": {
            model: {
                "groups": [
                    {
                        "label": group.label,
                        "images": len(group.pictures),
                        **{metric: figure_data(breakdown.figure(model, group, metric)) for metric in metrics},
                    }
                    for group in breakdown.groups
                ],
                "gap": figure_data(breakdown.gap(model)),
            }
            for model in report.models
        },
    }


def figure_data(figure: Figure | None) -> dict[str, float] | None:
    """For JSON; null where there is none."""
    if figure is None:
        return None
    return {"value": round(figure.value, 6), "low": round(figure.low, 6), "high": round(figure.high, 6)}
