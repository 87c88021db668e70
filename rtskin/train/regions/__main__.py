"""``python -m rtskin.train.regions``: find regions, label them by detectors, train the network that does it alone.

collect needs ai-edge-litert (``pip install ai-edge-litert``) and MediaPipe's networks; train needs rtskin[train].
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from rtskin.errors import RtskinError
from rtskin.train.regions import recipe as recipes


def main(arguments: list[str] | None = None) -> int:
    chosen = _parser().parse_args(arguments)
    try:
        chosen.run(chosen)
    except RtskinError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m rtskin.train.regions", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    verbs = parser.add_subparsers(required=True)
    collect = verbs.add_parser("collect", help="find regions and what detectors see in them")
    collect.add_argument("recipe", type=Path)
    collect.add_argument("--data", type=Path, action="append", help="folder that the recipe's paths are in")
    collect.add_argument("--weights", type=Path, required=True, help="folder with the .tflite networks")
    collect.add_argument("--out", type=Path, required=True, help="folder for one file a set")
    collect.set_defaults(run=_collect)
    train = verbs.add_parser("train", help="train the network, and write it with its card")
    train.add_argument("recipe", type=Path)
    train.add_argument("--regions", type=Path, required=True, help="what collect wrote")
    train.add_argument("--out", type=Path, required=True, help="folder for the network and its card")
    train.add_argument("--sheet", type=Path, help="picture of the kept-out regions that it gets wrong")
    train.set_defaults(run=_train)
    return parser


def _collect(chosen: argparse.Namespace) -> None:
    from rtskin.train.regions.collect import collect
    from rtskin.train.regions.labels import counts

    recipe = recipes.load(chosen.recipe)
    roots = chosen.data or [Path("../shared/data")]
    made = collect(recipe, roots, chosen.weights, chosen.out, lambda name: print(name, file=sys.stderr))
    for name, regions in made.items():
        print(f"{name}: {counts(recipe, name, regions)}")


def _train(chosen: argparse.Namespace) -> None:
    from rtskin.train.regions.session import train

    for line in train(chosen.recipe, chosen.regions, chosen.out, chosen.sheet):
        print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main())
