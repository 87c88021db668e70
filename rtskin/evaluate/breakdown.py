"""The figures of a report, group by group of its pictures: by scale, luminance, brightness, or what a table says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import chain, pairwise
from pathlib import Path

import numpy as np

from rtskin.evaluate import bootstrap
from rtskin.evaluate.bootstrap import Figure
from rtskin.evaluate.datasets import Dataset
from rtskin.evaluate.metrics import Counts, Ratio, ratio
from rtskin.evaluate.run import Report, Results
from rtskin.evaluate.traits import Trait

#: What all sets with skin together are called.
TOGETHER = "all sets"
_THIRDS = ("lowest third", "middle third", "highest third")


@dataclass(frozen=True)
class Group:
    """Pictures of one kind, by their place in the set's results."""

    label: str
    pictures: Sequence[int]


@dataclass(frozen=True)
class Breakdown:
    """One set by one trait. edges: the borders between the groups; unknown: pictures that have no such number."""

    trait: Trait
    results: Results
    edges: Sequence[float]
    groups: Sequence[Group]
    unknown: int
    seed: int
    draws: int

    @property
    def metric(self) -> str:
        """What it is told in: pooled IoU, or false skin for a set without skin."""
        return "pooled_iou" if self.results.with_skin else "false_skin"

    def figure(self, model: str, group: Group, metric: str) -> Figure | None:
        """One metric of one group; None where it cannot tell."""
        return bootstrap.interval(self._ratio(model, group, metric), self.seed, self.draws)

    def gap(self, model: str) -> Figure | None:
        """The best group's pooled IoU minus the worst's."""
        if not self.results.with_skin:
            return None
        return bootstrap.gap([self._ratio(model, group, "pooled_iou") for group in self.groups], self.seed, self.draws)

    def _ratio(self, model: str, group: Group, metric: str) -> Ratio:
        counts = self.results.counts[model]
        return ratio(metric, [counts[place] for place in group.pictures])


def breakdowns(report: Report) -> Iterator[Breakdown]:
    """Every set by every trait that its pictures have, and all sets with skin together where there are several."""
    with_skin = [results for results in report.results if results.with_skin]
    sets = [*report.results, *([together(with_skin)] if len(with_skin) > 1 else [])]
    for trait in report.traits:
        for results in sets:
            values = results.traits[trait.name]
            if any(value is not None for value in values):
                yield _breakdown(report, trait, results, values)


def together(sets: Sequence[Results], dataset: Dataset | None = None) -> Results:
    """Several sets as one, which has the name and the place of ``dataset`` where that is given."""
    first = sets[0]
    counts: dict[str, list[Counts]] = {
        model: list(chain.from_iterable(one.counts[model] for one in sets)) for model in first.counts
    }
    items = list(chain.from_iterable(one.items for one in sets))
    return Results(
        replace(dataset, items=items) if dataset else Dataset(TOGETHER, Path(), items),
        items,
        counts,
        list(chain.from_iterable(one.broken for one in sets)),
        {name: list(chain.from_iterable(one.traits[name] for one in sets)) for name in first.traits},
    )


def _breakdown(report: Report, trait: Trait, results: Results, values: Sequence[float | None]) -> Breakdown:
    known = [(place, value) for place, value in enumerate(values) if value is not None]
    numbers = np.array([value for _, value in known])
    edges = np.quantile(numbers, [1 / 3, 2 / 3]) if trait.edges is None else np.array(trait.edges)
    member = np.searchsorted(edges, numbers, side="right")
    labels = _THIRDS if trait.edges is None else _labels(trait.edges)
    groups = [
        Group(label, [place for (place, _), number in zip(known, member, strict=True) if number == group])
        for group, label in enumerate(labels)
    ]
    unknown = len(values) - len(known)
    return Breakdown(trait, results, [float(edge) for edge in edges], groups, unknown, report.seed, report.draws)


def _labels(edges: Sequence[float]) -> list[str]:
    between = [f"{low:g} … {high:g}" for low, high in pairwise(edges)]
    return [f"up to {edges[0]:g}", *between, f"above {edges[-1]:g}"]
