"""What each ingredient of a training buys: short trainings with one thing changed, against the same one unchanged.

All have the same steps, seeds and kept-out pictures; these are scored whole, at their own size. Each training lives in
OUT/VARIANT/SEED and is gone on with where it was stopped; the table is OUT/table.md.

    python -m bench.ablation recipe.toml --out runs/ablation --steps 600 --seeds 1 2 --set 'batch_shapes=[[128, 128]]'
"""

from __future__ import annotations

import argparse
import json
import shlex
import statistics
import sys
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import machine, markdown, publish
from rtskin.errors import InputError, nearest
from rtskin.evaluate.bootstrap import Figure, difference
from rtskin.evaluate.metrics import Counts, Ratio, count, ratio
from rtskin.files import write_text

VARIANTS = Path(__file__).with_name("ablation.toml")
BASE = "base"
#: What is said of a set, by whether there is skin in it.
_METRICS = {True: ("mean_iou", "IoU"), False: ("false_skin", "false skin")}

#: By set: the counts of its kept-out pictures, always in the same order.
Scores = dict[str, list[Counts]]


@dataclass(frozen=True)
class Variant:
    """A change: how it is called in paths, in the table, and what it sets."""

    name: str
    title: str
    settings: tuple[str, ...]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("recipe", type=Path)
    parser.add_argument("--out", type=Path, required=True)
    parser.add_argument("--data", type=Path, action="append", help="as for rtskin train; may be given more than once")
    parser.add_argument("--steps", type=int, default=600)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1])
    parser.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="KEY=VALUE", help="for all of them"
    )
    parser.add_argument("--variants", type=Path, default=VARIANTS, help="a TOML file of changes")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="of the variants")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    text = run(
        chosen.recipe, chosen.out, read_variants(chosen.variants, chosen.only), chosen.data, chosen.steps, chosen.seeds,
        chosen.settings,
    )  # fmt: skip
    if chosen.write:
        command = shlex.join(["python", "-m", "bench.ablation", chosen.recipe.as_posix(), *_said(chosen)])
        publish("ablation", f"## What each ingredient of a training buys\n\n`{command}`\n\n{text.rstrip()}")
    else:
        print(text)
    return 0


def _said(chosen: argparse.Namespace) -> list[str]:
    """The settings for all of a table, as they are given on the command line."""
    settings = [part for setting in chosen.settings for part in ("--set", setting)]
    return ["--steps", str(chosen.steps), "--seeds", *map(str, chosen.seeds), *settings]


def read_variants(path: Path, only: Sequence[str] | None = None) -> list[Variant]:
    """Those in the file, or of these the named ones; InputError."""
    try:
        tables = tomllib.loads(path.read_text("utf-8"))
        known = {name: Variant(name, table["title"], tuple(table["set"])) for name, table in tables.items()}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(f"{path} is no list of variants ([name], title, set): {error}") from error
    for name in only or ():
        if name not in known:
            raise InputError(f"{path} has no variant {name!r}{nearest(name, known)}")
    return [known[name] for name in only or known]


def run(
    recipe: Path,
    out: Path,
    variants: Sequence[Variant],
    roots: list[Path] | None,
    steps: int,
    seeds: Sequence[int],
    settings: Sequence[str] = (),
) -> str:
    """Train and score what is not there yet; returns the table, which is written anew after each variant."""
    table = ""
    found: dict[str, list[Scores]] = {}
    changed = [variant for variant in variants if _changes(recipe, settings, variant)]
    for variant in (Variant(BASE, "the recipe as it is", ()), *changed):
        found[variant.name] = [
            _trained(recipe, out / variant.name / str(seed), roots, steps, [
                *settings, f"validate_every={steps}", *variant.settings, f"seed={seed}",
            ], settings)
            for seed in seeds
        ]  # fmt: skip
        titles = {BASE: "the recipe as it is", **{one.name: one.title for one in variants}}
        table = report(found, titles, f"{steps} steps, seeds {', '.join(map(str, seeds))}; {machine()}")
        write_text(out / "table.md", table, overwrite=True)
    return table


def _changes(recipe: Path, settings: Sequence[str], variant: Variant) -> bool:
    """Does it change anything (a recipe may lack what it leaves out); InputError where it cannot be set, before any work."""
    from rtskin.train import recipe as recipes
    from rtskin.train.overrides import overridden

    table = recipes.read(recipe)
    base, other = (recipes.parse(overridden(table, [*settings, *more])) for more in ((), variant.settings))
    if base == other:
        print(f"{variant.name} is left out: the recipe is so already", file=sys.stderr)
    return base != other


def _trained(
    recipe: Path, folder: Path, roots: list[Path] | None, steps: int, settings: Sequence[str], for_all: Sequence[str]
) -> Scores:
    """The scores of one training, which is done first if it is not done yet."""
    from rtskin.train.loop.checkpoint import LAST
    from rtskin.train.session import train

    done = folder / "scores.json"
    said = {"recipe": recipe.name, "steps": steps, "settings": list(settings)}
    if done.exists():
        kept = json.loads(done.read_text("utf-8"))
        if kept["said"] != said:
            raise InputError(f"{folder} holds another training ({kept['said']}); give another --out")
        return {name: [Counts(**one) for one in counts] for name, counts in kept["scores"].items()}
    print(f"{folder.parent.name}, seed {folder.name}: {' '.join(settings)}", file=sys.stderr)
    weights = train(recipe, folder, roots, (folder / LAST).exists(), steps=steps, settings=settings)
    scores = {name: list(counts) for name, counts in score(weights, recipe, roots, for_all)}
    plain = {name: [asdict(one) for one in counts] for name, counts in scores.items()}
    write_text(done, json.dumps({"said": said, "scores": plain}), overwrite=True)
    return scores


def score(
    weights: Path, recipe: Path, roots: list[Path] | None, settings: Sequence[str]
) -> Iterator[tuple[str, list[Counts]]]:
    """By set of the unchanged recipe: what a checkpoint's network makes of the kept-out pictures, at their own size."""
    from rtskin.train import recipe as recipes
    from rtskin.train.data.imaging import BrokenImageError
    from rtskin.train.data.sets import Reader, scan
    from rtskin.train.loop.checkpoint import averaged
    from rtskin.train.loop.validate import probability
    from rtskin.train.overrides import overridden
    from rtskin.train.session import ROOTS

    trained, net = averaged(weights)
    reader = Reader()
    for part in scan(recipes.parse(overridden(recipes.read(recipe), settings)), list(roots or ROOTS)):
        counts = []
        for item in part.held:
            try:
                picture = reader.read(item)
            except BrokenImageError as error:
                print(f"left out: {error}", file=sys.stderr)
                continue
            mask = np.rint(255 * probability(net, picture, trained)).astype(np.uint8)
            known = picture.weight > 127
            counts.append(count(mask * known, picture.mask * known))
        if counts:
            yield part.spec.name, counts


def report(found: Mapping[str, Sequence[Scores]], titles: Mapping[str, str], about: str) -> str:
    """A row a variant: by set the mean over its seeds, and its difference from the base with the 95 % interval."""
    sets = list(found[BASE][0])
    kinds = {name: _METRICS[any(one.has_skin for one in found[BASE][0][name])] for name in sets}
    rows: list[list[Any]] = []
    for variant, seeds in found.items():
        row = [titles[variant]]
        for name in sets:
            metric = kinds[name][0]
            own, base = (_meaned([scores[name] for scores in those], metric) for those in (seeds, found[BASE]))
            row.append(_value(own, [ratio(metric, scores[name]).value() for scores in seeds], metric))
            row.append("" if variant == BASE else _shown(difference(own, base), metric))
        rows.append(row)
    header = ["", *(cell for name in sets for cell in (f"{name}: {kinds[name][1]}", "difference [95 %]"))]
    return (
        f"{markdown(header, rows)}\n\n{about}. IoU is the mean over kept-out pictures with skin, false skin the share of "
        "pixels in those without. Differences are from the first row, on the same pictures; the intervals say how far the "
        "choice of pictures may move them, ± how far that of the seed does (standard deviation). Bold: the interval leaves "
        "out 0.\n"
    )


def _meaned(seeds: Sequence[Sequence[Counts]], metric: str) -> Ratio:
    """Each picture's parts, meaned over the seeds."""
    ratios = [ratio(metric, counts) for counts in seeds]
    return Ratio(np.mean([one.over for one in ratios], 0), np.mean([one.under for one in ratios], 0))


def _value(own: Ratio, seeds: Sequence[float | None], metric: str) -> str:
    value = own.value()
    if value is None:
        return "–"
    scale, form = _scale(metric)
    values = [one for one in seeds if one is not None]
    spread = f" ± {scale * statistics.stdev(values):{form}}" if len(values) > 1 else ""
    return f"{scale * value:{form}}{spread}{' %' if scale == 100 else ''}"


def _shown(figure: Figure | None, metric: str) -> str:
    if figure is None:
        return "–"
    scale, form = _scale(metric)
    value, low, high = (f"{scale * part:+{form}}" for part in (figure.value, figure.low, figure.high))
    text = f"{value} [{low}, {high}]"
    return f"**{text}**" if figure.low > 0 or figure.high < 0 else text


def _scale(metric: str) -> tuple[float, str]:
    return (100, ".2f") if metric == "false_skin" else (1, ".3f")


if __name__ == "__main__":
    sys.exit(main())
