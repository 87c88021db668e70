"""Ways of making masks over clips, compared: figures, differences to no smoothing, tables and JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from rtskin.evaluate import bootstrap
from rtskin.evaluate.bootstrap import DRAWS, Figure
from rtskin.evaluate.layout import Column, Table, cell, with_content
from rtskin.evaluate.metrics import Ratio
from rtskin.evaluate.report import figure_data, markdown, rich_group
from rtskin.evaluate.video.cut_report import CUTS_NOTE, CutFigures, cuts_data, cuts_table
from rtskin.evaluate.video.tally import Figures

if TYPE_CHECKING:
    from rich.console import RenderableType

    from rtskin.evaluate.video.deliver import Way

#: Version of the JSON; it grows when a reader would have to change.
VERSION = 1
#: What differences are taken from.
BASE = "none"

_COST = Column("smooth_ms", "smoothing, ms", 1, 2)
MADE = (
    Column("iou", "IoU", with_interval=True),
    Column("dtssd", "dtSSD", 1, 2),
    Column("messddt", "MESSDdt", 1, 2),
    Column("flicker", "flicker ‰", 1, 3, with_interval=True),
    Column("trail", "trail", 1, 3, with_interval=True),
    Column("delay", "delay, frames", 1, 2),
    Column("jitter", "area jitter %", 1, 2),
    Column("area", "mean area %", 1, 2),
    _COST,
)
REAL = (
    Column("warping", "warping error ‰", 1, 3, with_interval=True),
    Column("jitter", "area jitter %", 1, 2, with_interval=True),
    Column("area", "mean area %", 1, 2),
    Column("resets", "resets", 1, 1),
    _COST,
)
#: Compared by subtracting; all others by dividing.
_SUBTRACTED = ("iou", "delay")
#: Not compared: it costs what it costs.
_ABSOLUTE = ("smooth_ms", "resets")

NOTE = (
    "On the masks that a sink receives. Means over clips; 95 % bootstrap intervals over clips, paired for changes: IoU and "
    "delay as differences, the others in per cent of the other method's."
)
MADE_NOTE = (
    "Motion clips, made from stills: H.264, truth exact for each frame. IoU at one half. dtSSD and MESSDdt: Erofeev et al. "
    "2015, root mean square × 100 and mean × 1000. Flicker: mean change of the mask where the truth is still, ‰ of full "
    "scale. Trail: mean mask in the 10 pixels (at 720 lines) that the skin has just left. Delay: of the centroid."
)
REAL_NOTE = (
    "Real clips, no truth. Warping error: Lai et al. 2018, mean square × 1000, with RLOF flow. Area jitter: trembling of "
    "the area in % of its mean; an empty mask is perfectly steady, and one that comes late is steadier than one that "
    "does not: look at the area too, and at trail and delay on motion clips."
)


@dataclass(frozen=True)
class VideoReport:
    """ways: (model, smoothing) in the order asked for. made: kind of motion by clip with truth. real: the other clips.
    figures: by (model, smoothing, clip). cuts: of the cut detector, where it was measured. ran: the ways, as they ran."""

    ways: Sequence[tuple[str, str]]
    made: Mapping[str, str]
    real: Sequence[str]
    figures: Mapping[tuple[str, str, str], Figures]
    seed: int = 0
    notes: Sequence[str] = ()
    cuts: CutFigures | None = None
    draws: int = DRAWS
    ran: Sequence[Way] = ()
    _known: dict[tuple[Any, ...], Figure | None] = field(default_factory=dict, repr=False, compare=False)

    def figure(self, way: tuple[str, str], clips: Sequence[str], metric: str) -> Figure | None:
        """Mean over those of the clips that can tell; None where none can."""
        key = (way, tuple(clips), metric)
        if key not in self._known:
            self._known[key] = bootstrap.interval(_ratio(self._values(way, clips, metric)), self.seed, self.draws)
        return self._known[key]

    def change(self, way: tuple[str, str], base: tuple[str, str], clips: Sequence[str], metric: str) -> Figure | None:
        """Against another way, on the clips that can tell for both: a difference (IoU, delay), else a part of the other's
        (−0.6: 60 % less); None where there is nothing to compare."""
        one, other = self._values(way, clips, metric), self._values(base, clips, metric)
        one, other = np.where(np.isnan(other), np.nan, one), np.where(np.isnan(one), np.nan, other)
        if metric in _SUBTRACTED:
            return bootstrap.difference(_ratio(one), _ratio(other), self.seed, self.draws)
        parts = Ratio(np.nan_to_num(one), np.nan_to_num(other))
        found = bootstrap.interval(parts, self.seed, self.draws)
        return found and Figure(found.value - 1, found.low - 1, found.high - 1)

    def comparisons(self) -> list[tuple[tuple[str, str], tuple[str, str]]]:
        """Each way against the same model's without smoothing, else against the model's first."""
        found = []
        for model in dict.fromkeys(model for model, _ in self.ways):
            mine = [way for way in self.ways if way[0] == model]
            base = (model, BASE) if (model, BASE) in mine else mine[0]
            found += [(way, base) for way in mine if way != base]
        return found

    def _values(self, way: tuple[str, str], clips: Sequence[str], metric: str) -> Any:
        found = [self.figures[*way, clip].get(metric) for clip in clips]
        return np.array([np.nan if value is None else value for value in found], np.float64)


def to_dict(report: VideoReport) -> dict[str, Any]:
    """Everything, for JSON: every clip's figures, means with intervals, changes; null where nothing can be told."""
    groups = {"motion": (list(report.made), MADE), "real": (list(report.real), REAL)}
    return {
        "v": VERSION,
        "seed": report.seed,
        "draws": report.draws,
        "notes": list(report.notes),
        "clips": [
            {
                "name": clip,
                "kind": report.made.get(clip, "real"),
                "ways": [{"model": m, "smoothing": s, **_rounded(report.figures[m, s, clip])} for m, s in report.ways],
            }
            for clip in [*report.made, *report.real]
        ],
        **{name: _group(report, clips, columns) for name, (clips, columns) in groups.items() if clips},
        "cuts": cuts_data(report.cuts) if report.cuts else None,
    }


def to_markdown(report: VideoReport) -> str:
    """Tables for a README; ends in a newline."""
    return markdown(tables(report), remarks(report))


def to_rich(report: VideoReport) -> RenderableType:
    """Tables for a terminal."""
    return rich_group(tables(report), remarks(report))


def tables(report: VideoReport) -> Iterator[Table]:
    """Headings and rows: means, changes, by kind of motion, by real clip, cuts; without columns that are empty."""
    yield from with_content(_tables(report))


def remarks(report: VideoReport) -> list[str]:
    """What a reader of the tables must know."""
    said = [NOTE] if report.figures else []
    said += [MADE_NOTE] if report.made else []
    said += [REAL_NOTE] if report.real else []
    return [*said, *([CUTS_NOTE] if report.cuts else []), *report.notes]


def _tables(report: VideoReport) -> Iterator[Table]:
    for clips, columns in ((list(report.made), MADE), (list(report.real), REAL)):
        if clips:
            yield _means(report, clips, columns)
            yield _changes(report, clips, columns)
    if report.made:
        yield _by_kind(report)
    if report.real:
        yield _by_clip(report)
    if report.cuts:
        yield cuts_table(report.cuts)


def _means(report: VideoReport, clips: Sequence[str], columns: Sequence[Column]) -> Table:
    rows = [
        [
            str(len(clips)),
            *way,
            *(cell(report.figure(way, clips, one.metric), one, one.with_interval) for one in columns),
        ]
        for way in report.ways
    ]
    return ["clips", "model", "smoothing", *(one.heading for one in columns)], rows


def _changes(report: VideoReport, clips: Sequence[str], columns: Sequence[Column]) -> Table:
    compared = [one for one in columns if one.metric not in _ABSOLUTE]
    headings = ["clips", "model", "change"]
    for one in compared:
        unit = "" if one.metric in _SUBTRACTED else " %"
        headings.append(one.heading.removesuffix(" ‰").removesuffix(" %") + unit)
    rows = [
        [
            str(len(clips)),
            way[0],
            f"{way[1]} / {base[1]}",
            *(cell(report.change(way, base, clips, one.metric), _shown(one), True, "+") for one in compared),
        ]
        for way, base in report.comparisons()
    ]
    return headings, rows


def _shown(column: Column) -> Column:
    return column if column.metric in _SUBTRACTED else Column(column.metric, column.heading, 100, 1)


def _by_kind(report: VideoReport) -> Table:
    columns = [one for one in MADE if one is not _COST]
    rows = []
    for kind in dict.fromkeys(report.made.values()):
        clips = [clip for clip, its in report.made.items() if its == kind]
        for way in report.ways:
            cells = (cell(report.figure(way, clips, one.metric), one, False) for one in columns)
            rows.append([kind, str(len(clips)), *way, *cells])
    return ["kind", "clips", "model", "smoothing", *(one.heading for one in columns)], rows


def _by_clip(report: VideoReport) -> Table:
    rows = [
        [clip, *way, *(cell(report.figure(way, [clip], one.metric), one, False) for one in REAL)]
        for clip in report.real
        for way in report.ways
    ]
    return ["clip", "model", "smoothing", *(one.heading for one in REAL)], rows


def _group(report: VideoReport, clips: Sequence[str], columns: Sequence[Column]) -> dict[str, Any]:
    metrics = [one.metric for one in columns]
    return {
        "ways": [
            {
                "model": way[0],
                "smoothing": way[1],
                **{metric: figure_data(report.figure(way, clips, metric)) for metric in metrics},
            }
            for way in report.ways
        ],
        "changes": [
            {
                "model": way[0],
                "smoothing": way[1],
                "against": base[1],
                **{
                    metric: figure_data(report.change(way, base, clips, metric))
                    for metric in metrics
                    if metric not in _ABSOLUTE
                },
            }
            for way, base in report.comparisons()
        ],
    }


def _ratio(values: Any) -> Ratio:
    """A mean over the clips that can tell."""
    return Ratio(np.nan_to_num(values), np.isfinite(values).astype(np.float64))


def _rounded(figures: Figures) -> dict[str, float | None]:
    return {name: None if value is None else round(value, 6) for name, value in figures.items()}
