"""Whether a network in 8 bits is worth having: how fast it is, and what it loses; published in bench/README.md.

``python -m bench.int8 mobile-unet --data ../shared/data --set ccp`` calibrates on frames of the training, and measures the
file for CPUs against the network it was made from: on the pictures of the set that the training kept out, and in turn for
their time. It ships where it is faster and loses at most 0.01 IoU.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from bench.report import Cell, machine, markdown, publish
from rtskin.errors import InputError, ModelError
from rtskin.evaluate.bootstrap import Figure
from rtskin.evaluate.datasets import load_pairs
from rtskin.evaluate.held_out import HeldOut
from rtskin.evaluate.run import evaluate
from rtskin.infer.cards import Card, load_card
from rtskin.infer.measure.race import Limits, run_all
from rtskin.infer.measure.ways import Measured, Way
from rtskin.segmenter import Segmenter
from rtskin.train.data.imaging import read_bgr
from rtskin.train.quantise.calibrate import ranges
from rtskin.train.quantise.export import export
from rtskin.train.quantise.frames import training_frames

#: The most IoU that it may lose.
LOSS = 0.01
SHAPE = (416, 224)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="+", metavar="MODEL")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="the folder that the sets are in")
    parser.add_argument("--set", default="ccp", help="a set with images/ and masks/")
    parser.add_argument("--frames", type=int, default=128, help="to calibrate on (128)")
    parser.add_argument("--limit", type=int, help="at most so many pictures of the set")
    parser.add_argument("--seconds", type=float, default=20.0, help="of measuring times, for each model (20)")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    rows = []
    for name in chosen.models:
        with tempfile.TemporaryDirectory(prefix="rtskin-") as folder:
            rows.append(_row(load_card(name), chosen, Path(folder)))
    header = ["model", "IoU", "in 8 bits", "lost (95 %)", "ms", "in 8 bits", "times as fast", "ships"]
    table = markdown(header, rows)
    text = (
        f"## 8 bits\n\n{machine()}. `python -m bench.int8`: static quantisation by ONNX Runtime (activations u8, weights s8 "
        f"for each channel), calibrated on {chosen.frames} frames of the training; mean IoU at the live size on the "
        f"pictures of {chosen.set} that the training kept out; the network alone at {SHAPE[0]}×{SHAPE[1]}, one "
        f"thread, medians, in turn. Ships: faster, and at most {LOSS} IoU lost.\n\n{table}"
    )
    print(text) if chosen.no_publish else publish("int8", text)
    return 0


def _row(card: Card, chosen: argparse.Namespace, folder: Path) -> list[object]:
    split = split_of(card)
    small_card = in_8_bits(card, split, chosen.data, chosen.frames, folder / "int8")
    dataset = load_pairs(chosen.data / chosen.set, split.keep(chosen.data / chosen.set), chosen.limit)
    options = {"size": "live", "threads": 1, "runtime": "onnxruntime"}
    models = {card.name: Segmenter(card, **options), "int8": Segmenter(small_card, **options)}  # type: ignore[arg-type]
    report = evaluate([dataset], models)
    one, other = _milliseconds([str(card.path), str(small_card.path)], chosen.seconds)
    (results,) = report.results
    whole, small = (figure_of(report.figure(results, model, "mean_iou")) for model in report.models)
    lost = figure_of(report.difference(results, *report.models, "mean_iou"))
    ships = other < one and lost.value <= LOSS
    figures = [f"{whole.value:.3f}", f"{small.value:.3f}", f"{lost.value:.4f} ({lost.low:.4f} … {lost.high:.4f})"]
    return [card.name, *figures, f"{one:.2f}", f"{other:.2f}", f"{one / other:.2f}", Cell("yes" if ships else "no")]


def _milliseconds(models: list[str], seconds: float) -> list[float]:
    """Medians of the networks alone, each in its process, in turn."""
    entries = [Measured(model, SHAPE, Way("onnxruntime", "cpu", 1)) for model in models]
    for one in run_all(entries, Limits(seconds=seconds)):
        if one.error is not None:
            raise ModelError(f"{one.model} cannot be measured: {one.error}")
    return [one.p50 for one in entries]


def split_of(card: Card) -> HeldOut:
    """What its training kept out."""
    if card.path is None or not card.recipe:
        raise InputError(f"{card.name!r} names no recipe, so nobody knows what it was trained on")
    return HeldOut(card.path.parent / card.recipe)


def in_8_bits(card: Card, split: HeldOut, data: Path, frames: int, folder: Path) -> Card:
    """Calibrated on ``frames`` pictures of its training, in ``folder``."""
    pictures = [read_bgr(source) for source in training_frames(split.recipe, [data], frames)]
    return Card.load(export(card, ranges(card, pictures), folder).card)


def figure_of(figure: Figure | None) -> Figure:
    if figure is None:
        raise InputError("the set cannot tell an IoU: it has no skin")
    return figure


if __name__ == "__main__":
    sys.exit(main())
