"""How well a network that knows several classes finds each of them, and the person, by label maps.

``python -m bench.parts models/mobile-unet-parts/recipe.toml --data ../shared/data`` measures on the pictures that the
recipe keeps out of the set ``--set`` (ccp), with its own meaning of the labels; ``--write`` puts the figures onto the card.
Pixels that may be of several classes count where all of these agree, and are left out elsewhere.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from rtskin.errors import InputError
from rtskin.evaluate import report as reports
from rtskin.evaluate.card_figures import check_cards, write_accuracy
from rtskin.evaluate.datasets import Dataset, Item, load_pairs
from rtskin.evaluate.held_out import HeldOut
from rtskin.evaluate.metrics import count
from rtskin.evaluate.run import Report, Results, Segment
from rtskin.frame import U8
from rtskin.infer.classes import BACKGROUND, PERSON
from rtskin.segmenter import Segmenter
from rtskin.train import recipe as recipes
from rtskin.train.data.imaging import read_bgr, read_grey


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path, metavar="RECIPE.toml")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder that the set is in")
    parser.add_argument("--set", default="ccp", help="a set of the recipe with labels/")
    parser.add_argument("--model", help="name or card; the recipe's name by default")
    parser.add_argument("--limit", type=int, help="at most so many pictures")
    parser.add_argument("--write", action="store_true", help="write the figures onto the card")
    chosen = parser.parse_args()
    recipe, split = recipes.load(chosen.recipe), HeldOut(chosen.recipe)
    if chosen.set not in recipe.classes.maps:
        raise InputError(f"{chosen.recipe} has no classes.maps.{chosen.set}")
    folder = chosen.data / next(part.path for part in recipe.data if part.name == chosen.set)
    dataset = load_pairs(folder, split.keep(folder), chosen.limit)
    names = [*(name for name in recipe.classes.names if name != BACKGROUND), PERSON]
    segmenters = {name: Segmenter(chosen.model or recipe.name, classes=name, threads=1) for name in names}
    card = segmenters[PERSON].card
    if chosen.write:
        check_cards([card])
    report = measure(dataset, segmenters, recipe.classes.maps[chosen.set], recipe.classes.names, card.name)
    print(reports.to_markdown(report))
    if chosen.write:
        write_accuracy(report, {card.name: card}, split.name)
    return 0


def measure(
    dataset: Dataset,
    segmenters: Mapping[str, Segment],
    table: Mapping[str, Sequence[int]],
    names: Sequence[str],
    model: str,
) -> Report:
    """One set of results for each class in ``segmenters``. table: what the values of labels/ stand for."""
    results = []
    for name, segment in segmenters.items():
        yes, no = decided(table, names, name)
        counts = []
        for item in dataset.items:
            mask, labels = segment(read_bgr(item.image)), read_grey(_labels(dataset, item))
            # What is left out is made the same in both.
            known = (yes | no)[labels]
            counts.append(count(np.where(known, mask, 0).astype(np.uint8), yes[labels].astype(np.uint8) * 255))
        results.append(
            Results(Dataset(f"{dataset.name}, {name}", dataset.path, dataset.items), dataset.items, {model: counts})
        )
    return Report([model], results)


def decided(table: Mapping[str, Sequence[int]], names: Sequence[str], name: str) -> tuple[U8, U8]:
    """(values of labels/ that certainly are of class ``name``, or of a person, values that certainly are not): bool, 256."""
    wanted = set(names) - {BACKGROUND} if name == PERSON else {name}
    yes, no = np.zeros(256, bool), np.zeros(256, bool)
    for key, values in table.items():
        allowed = {part.strip() for part in key.split("|")}
        yes[list(values)] = allowed <= wanted
        no[list(values)] = not allowed & wanted
    return yes, no  # type: ignore[return-value]


def _labels(dataset: Dataset, item: Item) -> Path:
    return dataset.path / "labels" / Path(item.key).with_suffix(".png")


if __name__ == "__main__":
    sys.exit(main())
