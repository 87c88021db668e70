"""What a prior mask does to a network that takes one: none, the truth moved a little, the mask of another picture.

``python -m bench.prior ../shared/data/ccp --held-out models/mobile-unet-prior/recipe.toml`` prints the tables, each case
against the network without a prior (paired intervals); ``--write`` puts the figures of the cases onto the card.

A network that is good with a moved prior gains from it, one that is good with another picture's is not led astray.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np

from rtskin.errors import InputError
from rtskin.evaluate import report as reports
from rtskin.evaluate.card_figures import check_cards, write_accuracy
from rtskin.evaluate.datasets import Dataset, Item, load_pairs, read
from rtskin.evaluate.held_out import HeldOut
from rtskin.evaluate.metrics import Counts, count
from rtskin.evaluate.run import Report, Results
from rtskin.frame import F32, U8, BgrPicture, Frame, SourceInfo
from rtskin.infer.base import BaseSegmenter, load_segmenter
from rtskin.infer.network import NetworkSegmenter
from rtskin.media import cv2
from rtskin.render.refine import Refiner

#: Cases, and how far the truth is moved, as a part of the longer side; None: another picture's.
MOVED: dict[str, float | None] = {"moved 2 %": 0.02, "moved 5 %": 0.05, "moved 10 %": 0.10, "of another": None}
EMPTY = "empty"
#: (picture, truth, truth of another picture) → the mask.
Case = Callable[[U8, U8, U8], U8]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="+", type=Path, metavar="DATASET", help="with images/ and masks/")
    parser.add_argument("--model", default="mobile-unet-prior")
    parser.add_argument("--against", default="mobile-unet", help="the network without a prior")
    parser.add_argument(
        "--held-out", type=Path, metavar="RECIPE.toml", help="only pictures that this training keeps out"
    )
    parser.add_argument("--limit", type=int, help="at most so many pictures of a set")
    parser.add_argument("--write", action="store_true", help="write the figures onto the card")
    chosen = parser.parse_args()
    split = HeldOut(chosen.held_out) if chosen.held_out else None
    sets = [load_pairs(folder, split.keep(folder) if split else None, chosen.limit) for folder in chosen.folders]
    model = load_segmenter(chosen.model, threads=1, size="still")
    if chosen.write:
        check_cards([model.card])
    report = measure(sets, model, load_segmenter(chosen.against, threads=1, size="still"), chosen.against)
    print(reports.to_markdown(report))
    if chosen.write:
        for case in (EMPTY, *MOVED):
            write_accuracy(_of(report, case, model.card.name), {model.card.name: model.card}, split and split.name)
    return 0


def measure(sets: Sequence[Dataset], model: BaseSegmenter, against: BaseSegmenter, name: str) -> Report:
    """Every case on every picture. InputError: the model takes no prior."""
    if not isinstance(model, NetworkSegmenter) or not model.takes_prior:
        raise InputError(f"{model.card.name!r} takes no prior; give --model one whose card says input.prior = true")
    cases = {name: _plain(against), EMPTY: _plain(model), **{case: _with(model, far) for case, far in MOVED.items()}}
    return Report(list(cases), [_results(dataset, cases) for dataset in sets])


def _results(dataset: Dataset, cases: dict[str, Case]) -> Results:
    counts: dict[str, list[Counts]] = {case: [] for case in cases}
    for item, after in zip(dataset.items, [*dataset.items[1:], dataset.items[0]], strict=True):
        image, truth = read(item)
        other = cv2.resize(read(after)[1], truth.shape[::-1])
        for case, run in cases.items():
            counts[case].append(count(run(image, truth, other), truth))
    return Results(dataset, dataset.items, counts)


def _plain(segmenter: BaseSegmenter) -> Case:
    refine = Refiner()
    return lambda image, truth, other: refine(segmenter.infer(segmenter.prepare(_frame(image)))).data


def _with(segmenter: NetworkSegmenter, far: float | None) -> Case:
    refine, rng = Refiner(), np.random.default_rng(0)

    def run(image: U8, truth: U8, other: U8) -> U8:
        prior = other if far is None else _moved(truth, far, rng.uniform(0, 2 * np.pi))
        soft: F32 = prior.astype(np.float32) / np.float32(255)
        return refine(segmenter.infer(segmenter.prepare(_frame(image)), soft)).data

    return run


def _moved(mask: U8, far: float, heading: float) -> U8:
    reach = far * max(mask.shape)
    shift = np.array([[1, 0, reach * np.cos(heading)], [0, 1, reach * np.sin(heading)]], np.float32)
    moved: U8 = cv2.warpAffine(mask, shift, mask.shape[::-1])
    return moved


def _frame(image: U8) -> Frame:
    return Frame(0, BgrPicture(image), SourceInfo("image", image.shape[1], image.shape[0]))


def _of(report: Report, case: str, model: str) -> Report:
    """The report of one case, under the model's name, its sets named after the case."""
    results = [
        Results(_renamed(one.dataset, f"{one.dataset.name}, prior {case}"), one.items, {model: one.counts[case]})
        for one in report.results
    ]
    return Report([model], results)


def _renamed(dataset: Dataset, name: str) -> Dataset:
    items: Sequence[Item] = dataset.items
    return Dataset(name, dataset.path, items)


if __name__ == "__main__":
    sys.exit(main())
