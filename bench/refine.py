"""What chunked refinement brings: base masks of a model against the same masks refined, with paired intervals.

``python -m bench.refine ../shared/data/ccp --held-out models/mobile-unet-refiner/recipe.toml`` prints the tables, and
``--write`` puts the figures of the refined masks onto the refiner's card. A base is "MODEL" (single images: still, looked at
mirrored too), "MODEL:live" or "MODEL:WIDTHxHEIGHT".
"""

from __future__ import annotations

import argparse
import sys
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from rtskin.evaluate import report as reports
from rtskin.evaluate.card_figures import check_cards, write_accuracy
from rtskin.evaluate.datasets import Dataset, load_pairs, load_skinless
from rtskin.evaluate.held_out import HeldOut
from rtskin.evaluate.macs import count_macs
from rtskin.evaluate.run import Report, Results, evaluate
from rtskin.infer.cards import Card, load_card
from rtskin.infer.chunked import DEFAULT_REFINER
from rtskin.infer.weights import checked_weights
from rtskin.segmenter import Segmenter

REFINED = "refined"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DATASET", help="with images/ and masks/")
    parser.add_argument("--skinless", action="append", type=Path, default=[], metavar="FOLDER", help="without any skin")
    parser.add_argument("--base", action="append", metavar="MODEL[:SIZE]", help="may be given again")
    parser.add_argument("--refiner", default=DEFAULT_REFINER)
    parser.add_argument("--tiles", type=int, metavar="N", help="at most so many of a picture")
    parser.add_argument("--held-out", type=Path, metavar="RECIPE.toml", help="only pictures that it keeps out")
    parser.add_argument("--limit", type=int, help="at most so many pictures of a set")
    parser.add_argument("--write", action="store_true", help="write the figures onto the refiner's card")
    chosen = parser.parse_args()
    split = HeldOut(chosen.held_out) if chosen.held_out else None
    sets = [load_pairs(folder, split.keep(folder) if split else None, chosen.limit) for folder in chosen.folders]
    sets += [load_skinless(folder, split.keep(folder) if split else None, chosen.limit) for folder in chosen.skinless]
    card = load_card(chosen.refiner)
    if chosen.write:
        check_cards([card])
    for base in chosen.base or ["mobile-unet", "mobile-unet:live"]:
        report = measure(sets, base, chosen.refiner, chosen.tiles)
        print(f"\n## {base}\n\n{reports.to_markdown(report)}")
        if chosen.write:
            write_accuracy(_of(report, base, card.name), {card.name: card}, split.name if split else None)
    if chosen.write and card.path is not None:
        now = Card.load(card.path)
        now.model_copy(update={"macs": count_macs(checked_weights(now), now.tensor.live[0])}).save(card.path)
    return 0


def measure(sets: list[Dataset], base: str, refiner: str, tiles: int | None = None) -> Report:
    """The base's own masks and the same refined, on every picture."""
    with ExitStack() as stack:
        refined, plain = (
            stack.enter_context(_segmenter(base, **extra)) for extra in ({"refine": refiner, "tiles": tiles}, {})
        )
        return evaluate(sets, {REFINED: refined, base: plain})


def _segmenter(base: str, **extra: Any) -> Segmenter:
    model, _, size = base.partition(":")
    return Segmenter(model, threads=1, size=size or "still", **extra)


def _of(report: Report, base: str, refiner: str) -> Report:
    """The refined masks alone, under the refiner's name, sets named after what was refined."""
    results = [
        Results(
            Dataset(f"{one.dataset.name}, {base} refined", one.dataset.path, one.items),
            one.items,
            {refiner: one.counts[REFINED]},
        )
        for one in report.results
    ]
    return Report([refiner], results)


if __name__ == "__main__":
    sys.exit(main())
