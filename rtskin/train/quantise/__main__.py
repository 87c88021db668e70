"""``python -m rtskin.train.quantise CARD --data DATA --out FOLDER``: a network in 8 bits, for CPUs and for TensorRT.

It is calibrated on frames of its training, by the recipe beside the card. Whether it is worth having is measured by
``python -m bench.int8``.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rtskin.errors import ModelError, RtskinError


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m rtskin.train.quantise",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("card", help="name of a model, or the path of a card")
    parser.add_argument(
        "--data", type=Path, action="append", required=True, help="a folder that the recipe's sets are in"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for both files and their card")
    parser.add_argument("--name", help="of the new card (the card's own with -int8)")
    parser.add_argument("--frames", type=int, default=128, help="pictures to calibrate on (128)")
    parser.add_argument("--overwrite", action="store_true", help="replace what is there already")
    chosen = parser.parse_args(arguments)
    try:
        for line in run(chosen.card, chosen.data, chosen.out, chosen.frames, chosen.overwrite, chosen.name):
            print(line)
    except RtskinError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def run(name: str, data: list[Path], out: Path, frames: int, overwrite: bool, new_name: str | None = None) -> list[str]:
    """What was written, in lines for people."""
    from rtskin.infer.cards import load_card
    from rtskin.train import recipe as recipes
    from rtskin.train.data.imaging import read_bgr
    from rtskin.train.quantise.calibrate import ranges
    from rtskin.train.quantise.export import export
    from rtskin.train.quantise.frames import training_frames

    card = load_card(name)
    if card.path is None or not card.recipe:
        raise ModelError(f"the card of {card.name!r} names no recipe, so nobody knows what it was trained on")
    sources = training_frames(recipes.load(card.path.parent / card.recipe), data, frames)
    found = ranges(card, [read_bgr(source) for source in sources])
    made = export(card, found, out, overwrite, new_name)
    return [f"calibrated {card.name} on {len(sources)} frames", *(f"wrote {path}" for path in vars(made).values())]


if __name__ == "__main__":
    sys.exit(main())
