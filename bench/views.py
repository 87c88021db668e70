"""What a second look at a mirrored picture, and a larger input, do to masks of single images; published in bench/README.md.

``python -m bench.views ../shared/data/ccp ../shared/data/hgr --skinless ../shared/data/negatives --held-out
models/mobile-unet/recipe.toml``: the first row is what ``rtskin mask`` does, and is compared with the others, picture by
picture.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from typing import Any

from bench.report import machine, publish
from rtskin.evaluate import report as reports
from rtskin.evaluate.datasets import load_pairs, load_skinless
from rtskin.evaluate.held_out import HeldOut
from rtskin.evaluate.run import evaluate
from rtskin.segmenter import Segmenter

VIEWS: dict[str, dict[str, Any]] = {
    "still, mirrored too": {"size": "still", "mirror": True},
    "still": {"size": "still", "mirror": False},
    "live, mirrored too": {"size": "live", "mirror": True},
    "live": {"size": "live", "mirror": False},
}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folders", nargs="*", type=Path, metavar="DATASET", help="with images/ and masks/")
    parser.add_argument("--skinless", action="append", type=Path, default=[], help="pictures in which nothing is skin")
    parser.add_argument("--model", default="mobile-unet")
    parser.add_argument(
        "--held-out", type=Path, metavar="RECIPE.toml", help="only pictures that this training keeps out"
    )
    parser.add_argument("--limit", type=int, help="at most so many pictures of a set")
    chosen = parser.parse_args()
    split = HeldOut(chosen.held_out) if chosen.held_out else None
    sets = [
        load(folder, split.keep(folder) if split else None, chosen.limit)
        for load, folders in ((load_pairs, chosen.folders), (load_skinless, chosen.skinless))
        for folder in folders
    ]
    report = evaluate(sets, {name: Segmenter(chosen.model, threads=1, **options) for name, options in VIEWS.items()})
    kept = f", pictures that the training of {split.name} kept out" if split else ""
    publish(
        "views",
        f"## Looking twice\n\n{machine()}. `python -m bench.views`: {chosen.model}{kept}; by the size of its input, and "
        f"with or without the mirror image (`--mirror`), whose answer is averaged with the picture's.\n\n"
        f"{reports.to_markdown(report)}",
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
