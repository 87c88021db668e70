"""A report laid out: headings and rows of its tables, and the remarks below them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from rtskin.evaluate.bootstrap import Figure
from rtskin.evaluate.breakdown import Breakdown, breakdowns
from rtskin.evaluate.run import Report


@dataclass(frozen=True)
class Column:
    """A metric as a table shows it: times ``factor``, so many digits."""

    metric: str
    heading: str
    factor: float = 1
    digits: int = 3
    with_interval: bool = False


#: What the first table shows.
_COLUMNS = (
    Column("mean_iou", "mean IoU", with_interval=True),
    Column("pooled_iou", "pooled IoU", with_interval=True),
    Column("pooled_f1", "F1"),
    Column("pooled_precision", "precision"),
    Column("pooled_recall", "recall"),
    Column("mae", "MAE"),
    Column("false_skin", "false skin %", 100, 2, with_interval=True),
)
#: And the second: of the edges, and as published tables have it.
_MORE = (
    Column("mean_boundary_iou", "boundary IoU", with_interval=True),
    Column("bitwise_miou", "bitwise mIoU"),
    Column("miou_at_half", "mIoU@0.5"),
    Column("hce", "HCE, clicks", 1, 1, with_interval=True),
)
#: What models are compared by.
_COMPARED = tuple(
    column
    for column in (_COLUMNS[0], _MORE[0], *_COLUMNS[1:], *_MORE[1:])
    if column.with_interval or column.metric == "mae"
)

NOTE = (
    "At one half; 95 % bootstrap intervals over pictures, paired for differences. Mean and boundary IoU: over pictures with "
    "skin; the boundary's band is 2 % of the diagonal wide. False skin: share of the pixels of pictures without any, meaned "
    "over these."
)
CLIPS_NOTE = "Frames of one clip are much alike: their intervals are too narrow."
BREAKDOWN_NOTE = (
    "By groups: how many pictures, their pooled IoU with its 95 % interval (false skin % where a set has no skin). Gap: the "
    "best group's minus the worst's, of each draw, so that chance alone makes one in small groups."
)
COST_NOTE = (
    "MACs: multiply-accumulates of convolutions and products for one picture at the input's size, which papers give as "
    '"GFLOPS". ms: median of the network alone, one thread, the models interleaved.'
)

#: Headings and rows.
Table = tuple[list[str], list[list[str]]]


#: Columns of words; the others are numbers.
WORDS = ("set", "model", "difference", "clip", "kind", "smoothing", "change", "what")
#: Columns that say what a row is of.
_LEADING = (*WORDS, "pictures", "borders", "clips")
#: What stands in a cell that nothing can be told of.
NOTHING = "–"


def tables(report: Report) -> Iterator[Table]:
    """Headings and rows: figures, differences where there are several models, groups and costs where they were asked for.

    Columns that no row has anything in are left out, and tables of which nothing is left then.
    """
    return with_content(_tables(report))


def with_content(laid_out: Iterable[Table]) -> Iterator[Table]:
    """Without columns that no row has anything in, and without tables of which nothing is left then."""
    for headings, rows in laid_out:
        told = [
            place
            for place, heading in enumerate(headings)
            if heading in _LEADING or any(row[place] != NOTHING for row in rows)
        ]
        if any(headings[place] not in _LEADING for place in told):
            yield [headings[place] for place in told], [[row[place] for place in told] for row in rows]


def _tables(report: Report) -> Iterator[Table]:
    for columns in (_COLUMNS, _MORE):
        yield ["set", "pictures", "model", *(one.heading for one in columns)], list(_figure_rows(report, columns))
    headings = ["set", "pictures", "difference", *(one.heading for one in _COMPARED)]
    yield headings, list(_difference_rows(report, _COMPARED))
    yield from _breakdown_tables(report)
    yield _cost_table(report)


def _figure_rows(report: Report, columns: Sequence[Column]) -> Iterator[list[str]]:
    for results in report.results:
        for model in report.models:
            cells = [cell(report.figure(results, model, one.metric), one, one.with_interval) for one in columns]
            yield [results.dataset.name, str(len(results.items)), model, *cells]


def _difference_rows(report: Report, columns: Sequence[Column]) -> Iterator[list[str]]:
    for results in report.results:
        for one, other in report.comparisons():
            cells = [
                cell(report.difference(results, one, other, column.metric), column, True, sign="+")
                for column in columns
            ]
            yield [results.dataset.name, str(len(results.items)), f"{one} − {other}", *cells]


def _breakdown_tables(report: Report) -> Iterator[Table]:
    """A table a trait: sets and models below each other, groups beside each other."""
    found = list(breakdowns(report))
    for trait in report.traits:
        mine = [one for one in found if one.trait is trait]
        if not mine:
            continue
        # Thirds lie elsewhere in each set; groups with borders of their own have these in their names.
        moving = trait.edges is None
        rows = [
            [one.results.dataset.name, *([_edges(one)] if moving else []), model, *_group_cells(one, model)]
            for one in mine
            for model in report.models
        ]
        groups = [f"{trait.name}: {group.label}" for group in mine[0].groups]
        yield ["set", *(["borders"] if moving else []), "model", *groups, "gap"], rows


def _group_cells(breakdown: Breakdown, model: str) -> list[str]:
    column = Column("", "") if breakdown.metric == "pooled_iou" else Column("", "", 100, 2)
    cells = []
    for group in breakdown.groups:
        shown = cell(breakdown.figure(model, group, breakdown.metric), column, True)
        cells.append(f"{len(group.pictures)}: {shown}" if group.pictures else NOTHING)
    return [*cells, cell(breakdown.gap(model), column, True)]


def _edges(breakdown: Breakdown) -> str:
    return ", ".join(f"{edge:.0f}" for edge in breakdown.edges)


def _cost_table(report: Report) -> Table:
    runtimes = sorted({runtime for cost in report.costs.values() for runtime in cost.ms})
    rows = []
    for model, cost in report.costs.items():
        parameters = NOTHING if cost.parameters is None else f"{cost.parameters:,}"
        macs = NOTHING if cost.macs is None else f"{cost.macs / 1e6:,.1f}"
        shape = NOTHING if cost.shape is None else f"{cost.shape[0]}×{cost.shape[1]}"
        times = [f"{cost.ms[runtime]:.2f}" if runtime in cost.ms else NOTHING for runtime in runtimes]
        rows.append([model, parameters, shape, macs, *times])
    return ["model", "parameters", "input", "MACs, millions", *(f"{runtime}, ms" for runtime in runtimes)], rows


def cell(figure: Figure | None, column: Column, with_interval: bool, sign: str = "") -> str:
    """A figure as text, with its interval where that is wanted."""
    if figure is None:
        return NOTHING
    form = f"{sign}.{column.digits}f"
    value, low, high = (f"{column.factor * number:{form}}" for number in (figure.value, figure.low, figure.high))
    return f"{value} ({low}…{high})" if with_interval else value


def remarks(report: Report) -> list[str]:
    """What a reader of the tables must know."""
    said = [NOTE]
    if any(results.dataset.clip for results in report.results):
        said.append(CLIPS_NOTE)
    if report.traits:
        said += [BREAKDOWN_NOTE, *(f"{trait.name}: {trait.title}." for trait in report.traits)]
    if report.costs:
        said.append(COST_NOTE)
        said += [
            f"Costs are those of size {size}, which the figures are of too; where it has several shapes, of the first."
            for size in sorted({cost.size for cost in report.costs.values() if cost.size is not None})
        ]
    return [*said, *report.notes, *_left_out(report)]


def _left_out(report: Report) -> list[str]:
    return [
        f"{results.dataset.name}: {len(results.broken)} left out, not decodable: {', '.join(results.broken)}"
        for results in report.results
        if results.broken
    ]
