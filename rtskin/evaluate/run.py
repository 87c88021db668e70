"""Models over sets of pictures."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from rtskin.errors import InputError, ModelError
from rtskin.evaluate import bootstrap
from rtskin.evaluate.bootstrap import DRAWS, Figure
from rtskin.evaluate.cost import Cost
from rtskin.evaluate.datasets import Dataset, Item, Reader
from rtskin.evaluate.hce_pool import EffortPool
from rtskin.evaluate.metrics import METRICS, Counts, count, ratio
from rtskin.evaluate.traits import Trait
from rtskin.frame import U8
from rtskin.train.data.imaging import BrokenImageError

if TYPE_CHECKING:
    from rtskin.segmenter import Segmenter

log = logging.getLogger("rtskin.evaluate")

#: Metrics whose interval goes with them onto a card.
WITH_INTERVAL = ("mean_iou", "mean_boundary_iou", "pooled_iou", "false_skin")

#: uint8 H×W×3 BGR → uint8 H×W.
Segment = Callable[[U8], U8]


class Watcher(Protocol):
    """Sees every mask as it is scored (the contact sheet does)."""

    def __call__(self, model: str, item: Item, image: U8, truth: U8, mask: U8, counts: Counts) -> None: ...


@dataclass(frozen=True)
class Results:
    """All of one set: pictures that were scored, the counts of each model for them in that order, files left out.

    traits: what the pictures are told apart by, by the trait's name, in that order too.
    """

    dataset: Dataset
    items: Sequence[Item]
    counts: Mapping[str, Sequence[Counts]]
    broken: Sequence[str] = ()
    traits: Mapping[str, Sequence[float | None]] = field(default_factory=dict)

    @property
    def with_skin(self) -> int:
        """Pictures whose truth has skin."""
        return sum(counts.has_skin for counts in next(iter(self.counts.values())))


@dataclass(frozen=True)
class Report:
    """models in the order they were asked for; one Results a set; intervals drawn with ``seed``, ``draws`` times.

    traits: what the figures are broken down by. notes: what a reader must know of how they came about. costs: by model.
    """

    models: Sequence[str]
    results: Sequence[Results]
    seed: int = 0
    draws: int = DRAWS
    traits: Sequence[Trait] = ()
    notes: Sequence[str] = ()
    costs: Mapping[str, Cost] = field(default_factory=dict)
    _known: dict[tuple[Any, ...], Figure | None] = field(default_factory=dict, repr=False, compare=False)

    def figure(self, results: Results, model: str, metric: str) -> Figure | None:
        """One metric of one model on one set; None where the set cannot tell."""
        key = (id(results), model, metric)
        if key not in self._known:
            self._known[key] = bootstrap.interval(ratio(metric, results.counts[model]), self.seed, self.draws)
        return self._known[key]

    def difference(self, results: Results, one: str, other: str, metric: str) -> Figure | None:
        """``one`` minus ``other``, paired."""
        key = (id(results), one, other, metric)
        if key not in self._known:
            a, b = ratio(metric, results.counts[one]), ratio(metric, results.counts[other])
            self._known[key] = bootstrap.difference(a, b, self.seed, self.draws)
        return self._known[key]

    def comparisons(self) -> list[tuple[str, str]]:
        """The first model against each of the others."""
        return [(self.models[0], other) for other in self.models[1:]]

    def accuracy(self, model: str) -> dict[str, dict[str, Any]]:
        """What a model's card says: by set, the number of pictures, the metrics, and 95 % intervals of the main ones."""
        return {results.dataset.name: self._said(results, model) for results in self.results}

    def _said(self, results: Results, model: str) -> dict[str, Any]:
        said: dict[str, Any] = {"images": len(results.items), "with_skin": results.with_skin}
        for metric in METRICS:
            figure = self.figure(results, model, metric)
            if figure is not None:
                said[metric] = round(figure.value, 6)
                if metric in WITH_INTERVAL:
                    said[f"{metric}_95"] = [round(figure.low, 6), round(figure.high, 6)]
        return {**said, "draws": self.draws, "seed": self.seed}


def evaluate(
    datasets: Sequence[Dataset],
    segmenters: Mapping[str, Segment],
    *,
    progress: Callable[[int, int], None] | None = None,
    watch: Sequence[Watcher] = (),
    traits: Sequence[Trait] = (),
    effort: EffortPool | None = None,
    seed: int = 0,
    draws: int = DRAWS,
) -> Report:
    """Run every segmenter on every picture, once.

    effort: measures the human correction effort too. A picture that cannot be decoded is left out for all models, logged,
    and named in the report. InputError: no set, no model, two sets of one name, sizes that differ, a set of which nothing
    can be decoded. ModelError: a mask of a wrong size. EffortError: a process of ``effort`` was ended.
    """
    if not datasets or not segmenters:
        raise InputError("name at least one set of pictures and one model")
    datasets = _with_own_names(datasets)
    total, done, results = sum(len(dataset.items) for dataset in datasets), 0, []
    for dataset in datasets:
        tally = _Tally(dataset, segmenters, watch, traits, effort)
        with Reader() as read:
            for item in dataset.items:
                tally.take(item, read)
                done += 1
                if progress is not None:
                    progress(done, total)
        results.append(tally.results())
    return Report(list(segmenters), results, seed, draws, traits)


class _Tally:
    """One set while it is measured."""

    def __init__(
        self,
        dataset: Dataset,
        segmenters: Mapping[str, Segment],
        watch: Sequence[Watcher],
        traits: Sequence[Trait],
        effort: EffortPool | None,
    ) -> None:
        self._dataset, self._segmenters, self._watch, self._effort = dataset, segmenters, watch, effort
        self._measures = traits
        self._items: list[Item] = []
        self._counts: dict[str, list[Counts]] = {model: [] for model in segmenters}
        self._traits: dict[str, list[float | None]] = {one.name: [] for one in traits}
        self._broken: list[str] = []

    def take(self, item: Item, read: Reader) -> None:
        try:
            image, truth = read(item)
        except BrokenImageError as error:
            log.warning("left out: %s", error)
            self._broken.append(str(error.path))
            return
        masks = {model: _mask(model, segment, image, item) for model, segment in self._segmenters.items()}
        self._items.append(item)
        for model, mask in masks.items():
            counts = count(mask, truth)
            self._counts[model].append(counts)
            for watcher in self._watch:
                watcher(model, item, image, truth, mask, counts)
        for one in self._measures:
            self._traits[one.name].append(one.measure(item, image, truth))
        if self._effort is not None:
            self._effort.submit(truth, masks)

    def results(self) -> Results:
        if not self._items:
            raise InputError(f"not one of the {len(self._broken)} pictures in {self._dataset.path} can be decoded")
        if self._effort is not None:
            clicks = self._effort.finish()
            for model, counts in self._counts.items():
                counts[:] = [replace(one, hce=each[model]) for one, each in zip(counts, clicks, strict=True)]
        return Results(self._dataset, self._items, self._counts, self._broken, self._traits)


@contextmanager
def open_models(names: Sequence[str] | Mapping[str, str], **options: Any) -> Iterator[dict[str, Segmenter]]:
    """Segmenters by the name of their model, in the order asked for, for the time of a ``with``.

    names: models, or paths of cards; by what they are to be called, where that is not their own name. options: device,
    threads … as Segmenter takes them.
    """
    from rtskin.segmenter import Segmenter

    with ExitStack() as stack:
        opened: dict[str, Segmenter] = {}
        wanted = names.items() if isinstance(names, Mapping) else [(shown_name(name), name) for name in names]
        for shown, name in wanted:
            if shown in opened:
                raise InputError(f"two models are called {shown!r}; name each once, or rename the folder of one card")
            opened[shown] = stack.enter_context(Segmenter(name, **options))
        yield opened


def shown_name(name: str) -> str:
    """What a model is called in reports: of a card's path, its folder or (for other.toml) its stem; of what `rtskin train`
    writes (runs/my/model/model.toml), the folder of the training."""
    path = Path(name)
    if path.name == "model.toml":
        folder = path.absolute().parent
        return folder.parent.name if folder.name == "model" and folder.parent.name else folder.name
    return path.stem if path.suffix == ".toml" else path.name


def _mask(model: str, segment: Segment, image: U8, item: Item) -> U8:
    mask = segment(image)
    if mask.shape != image.shape[:2]:
        raise ModelError(f"{model} gave a mask of {mask.shape} for {item.image}, which is {image.shape[:2]}")
    return mask


def _with_own_names(datasets: Sequence[Dataset]) -> list[Dataset]:
    """Sets of one name are called by their parent folder too, and refused where that does not help."""
    names = [dataset.name for dataset in datasets]
    own = [
        replace(dataset, name=f"{dataset.path.resolve().parent.name}/{dataset.name}")
        if names.count(dataset.name) > 1
        else dataset
        for dataset in datasets
    ]
    names = [dataset.name for dataset in own]
    for name in names:
        if names.count(name) > 1:
            raise InputError(f"two sets are called {name!r}; name each once, or rename the folder of one")
    return own
