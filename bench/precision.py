"""What fewer digits bring beside plain ``InferenceSession.run``, and what they change; into bench/README.md.

``python -m bench.precision straight-u2net --data ../shared/data --set ccp`` runs the network as its file says, in bf16 and
in 8 bits, in turn in one process, on the pictures that its training kept out. Masks count as equal where they are within a
255th of each other.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter
from typing import Any

import cv2
import numpy as np

from bench.int8 import figure_of, in_8_bits, split_of
from bench.loops import session
from bench.report import Cell, machine, markdown, publish
from rtskin.evaluate.datasets import Dataset, load_pairs
from rtskin.evaluate.run import evaluate
from rtskin.infer.cards import Card, load_card
from rtskin.infer.runtimes.base import F32, Runtime
from rtskin.infer.sizes import parse_size
from rtskin.preprocess.fit import Shape
from rtskin.registry import RUNTIMES
from rtskin.segmenter import Segmenter
from rtskin.train.data.imaging import read_bgr

Run = Callable[[F32], F32]

PLAIN = "InferenceSession.run, fp32"
#: Runs of one way in a row: its weights are in the caches then, as in a stream.
TOGETHER = 3


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model")
    parser.add_argument("--data", type=Path, default=Path("../shared/data"), help="folder that the sets are in")
    parser.add_argument("--set", default="ccp", help="a set with images/ and masks/")
    parser.add_argument("--size", default="320x320", metavar="WxH", help="of the network's input (320x320)")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--frames", type=int, default=128, help="to calibrate on (128)")
    parser.add_argument("--limit", type=int, help="at most so many pictures of the set")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    size = parse_size(chosen.size)
    if isinstance(size, str):
        parser.error("--size is written WxH, as 320x320")
    width, height = size
    card = load_card(chosen.model)
    split = split_of(card)
    dataset = load_pairs(chosen.data / chosen.set, split.keep(chosen.data / chosen.set), chosen.limit)
    with tempfile.TemporaryDirectory(prefix="rtskin-") as folder:
        small = in_8_bits(card, split, chosen.data, chosen.frames, Path(folder))
        rows = _rows(card, small, dataset, (width, height), chosen.threads)
    header = ["", "ms", "times as fast", "off by more than 1/255", "largest, of 255", "IoU", "lost (95 %)"]
    text = (
        f"## Fewer digits: {card.name}\n\n{machine()}. `python -m bench.precision {card.name}`: the network alone at "
        f"{width}×{height}, {chosen.threads} threads, medians, in turn, on the {len(dataset.items)} pictures of "
        f"{chosen.set} that the training kept out; masks beside the first row's. 8 bits as in the section on them.\n\n"
        f"{markdown(header, rows)}"
    )
    print(text) if chosen.no_publish else publish(f"precision-{card.name}", text)
    return 0


def _rows(card: Card, small: Card, dataset: Dataset, size: Shape, threads: int) -> list[list[object]]:
    told: dict[str, tuple[Card, dict[str, Any]]] = {
        "onnxruntime": (card, {"runtime": "onnxruntime"}),
        "openvino": (card, {"runtime": "openvino"}),
        "openvino, bf16": (card, {"runtime": "openvino", "precision": "bf16"}),
        "onnxruntime, 8 bits": (small, {"runtime": "onnxruntime"}),
        "openvino, 8 bits": (small, {"runtime": "openvino"}),
    }
    models = {
        name: Segmenter(one, size=size, threads=threads, mirror=False, **options)
        for name, (one, options) in told.items()
    }
    report = evaluate([dataset], models)
    (results,) = report.results
    runs = {PLAIN: _plain(card, threads)} | {name: _ours(one, size, threads, how) for name, (one, how) in told.items()}
    times, differences = _run_all(runs, dataset, size)
    before = float(np.median(times[PLAIN]))
    rows: list[list[object]] = [[PLAIN, f"{before:.1f}", "1", "", "", "", ""]]
    for name in told:
        took, off = float(np.median(times[name])), np.concatenate(differences[name])
        iou = figure_of(report.figure(results, name, "mean_iou"))
        lost = figure_of(report.difference(results, "onnxruntime", name, "mean_iou"))
        rows.append(
            [
                *(name, f"{took:.1f}", f"{before / took:.2f}", f"{100 * (off > 1).mean():.4f} %", f"{off.max():.2f}"),
                f"{iou.value:.3f}",
                Cell(f"{lost.value:.4f} ({lost.low:.4f} … {lost.high:.4f})" if name != "onnxruntime" else ""),
            ]
        )
    return rows


def _plain(card: Card, threads: int) -> Run:
    """As anybody would run the file."""
    plain = session(card, threads)
    name = plain.get_inputs()[0].name
    return lambda tensor: plain.run(None, {name: tensor})[0]


def _ours(card: Card, size: Shape, threads: int, options: dict[str, Any]) -> Run:
    options = dict(options)
    kind: type[Runtime] = RUNTIMES.get(options.pop("runtime"))
    return kind(card, device="cpu", threads=threads, shapes=(size,), options=options).run


def _run_all(
    runs: dict[str, Run], dataset: Dataset, size: Shape
) -> tuple[dict[str, list[float]], dict[str, list[F32]]]:
    """Milliseconds of every run, and how far each mask is from the first way's, in 255ths."""
    times: dict[str, list[float]] = {name: [] for name in runs}
    differences: dict[str, list[F32]] = {name: [] for name in runs}
    for item in dataset.items:
        tensor = _tensor(read_bgr(item.image), size)
        expected = None
        for name, run in runs.items():
            for _ in range(TOGETHER):
                begun = perf_counter()
                answer = run(tensor)
                times[name].append(1000 * (perf_counter() - begun))
            expected = answer.copy() if expected is None else expected
            differences[name].append(255 * np.abs(answer - expected).ravel())
    return times, differences


def _tensor(picture: Any, size: Shape) -> F32:
    """float32 1×3×H×W RGB in 0…255, of fractions of grey levels too, as a live path gives it."""
    scaled = cv2.resize(picture[..., ::-1].astype(np.float32), size, interpolation=cv2.INTER_AREA)
    return np.ascontiguousarray(scaled.transpose(2, 0, 1)[None])


if __name__ == "__main__":
    sys.exit(main())
