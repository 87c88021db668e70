"""What chunked refinement costs, and whether its tiles show.

``python -m bench.chunked cost``: memory and time of a still of 12 to 50 megapixels, each in a process of its own (what it
needs beyond the loaded models, refined and not), and time by the number of tiles. ``python -m bench.chunked seams FOLDER``:
how far two grids of tiles agree on the images of a folder. Tables are printed, with ``--publish`` into bench/README.md too.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path
from statistics import median

import numpy as np

from bench.report import Cell, machine, markdown, publish
from rtskin.capture.still import read_image
from rtskin.frame import U8
from rtskin.infer.chunked import DEFAULT_REFINER, Chunked, load_refiner
from rtskin.media import cv2
from rtskin.render.still import encoded, shown
from rtskin.segmenter import Segmenter
from rtskin.train.data.imaging import find_images

MEGAPIXELS = (12, 25, 50)
TILES = (8, 16, 32, 64, 128)
#: Tiles of two grids overlap by these parts of their side.
OVERLAPS = (1 / 8, 1 / 4)
#: What is to be reached: gigabytes, the share of pixels, and how far they may differ.
MOST_GB, AGREE, WITHIN = 2.0, 0.999, 2


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["cost", "seams", "one"])
    parser.add_argument("folder", nargs="?", type=Path, help="of images (for seams); megapixels (for one)")
    parser.add_argument("--refiner", default=DEFAULT_REFINER)
    parser.add_argument("--model", default="mobile-unet")
    parser.add_argument("--limit", type=int, default=24, help="images that are looked at for seams")
    parser.add_argument("--enlarge", type=float, default=1.0, help="images, for seams: small ones have one tile")
    parser.add_argument("--fast", action="store_true", help="for one: do not refine")
    parser.add_argument("--publish", action="store_true")
    chosen = parser.parse_args()
    if chosen.what == "one":
        refine = False if chosen.fast else chosen.refiner
        print(json.dumps(one(float(str(chosen.folder)), chosen.model, refine)))
        return 0
    if chosen.what == "seams":
        text = seams(chosen.folder, chosen.model, chosen.refiner, chosen.limit, chosen.enlarge)
    else:
        text = f"{memory(chosen.model, chosen.refiner)}\n\n{by_tiles(chosen.refiner)}"
    text = f"## Chunked refinement: {chosen.what}\n\n`python -m bench.chunked {chosen.what}`. {text}"
    if chosen.publish:
        publish(f"chunked {chosen.what}", text)
    else:
        print(text)
    return 0


def scene(megapixels: float) -> tuple[U8, U8]:
    """A photograph's worth of pixels: faces before a wall, and a base mask of them that is as coarse as a network's."""
    height = round((megapixels * 1e6 / 1.5) ** 0.5)
    width = round(height * 1.5)
    rng = np.random.default_rng(0)
    picture = cv2.resize(rng.integers(60, 150, (40, 60, 3), dtype=np.uint8), (width, height))
    truth = np.zeros((height, width), np.uint8)
    for _ in range(12):
        centre = int(rng.integers(width)), int(rng.integers(height))
        axes = round(height * rng.uniform(0.04, 0.10)), round(height * rng.uniform(0.06, 0.14))
        cv2.ellipse(truth, centre, axes, float(rng.uniform(0, 180)), 0, 360, 255, -1)
    picture[truth > 0] = (120, 150, 215)
    small = cv2.resize(truth, (576, 384), interpolation=cv2.INTER_AREA)
    return picture, cv2.resize(small, (width, height), interpolation=cv2.INTER_LINEAR)


def one(megapixels: float, model: str, refine: str | bool) -> dict[str, float]:
    """Gigabytes beyond the loaded models, and seconds, of a cutout of 8 bits; for a process of its own."""
    from rtskin.frame import BgrPicture

    with Segmenter(model, refine=refine, threads=2) as segmenter:
        segmenter(np.zeros((700, 900, 3), np.uint8))
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        picture, _ = scene(megapixels)
        begun = time.perf_counter()
        mask = segmenter(picture)
        masked = time.perf_counter()
        data = encoded(shown("cutout", BgrPicture(picture), mask))
        done = time.perf_counter()
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    figures = {"gb": (most - before) / 2**20, "mask": masked - begun, "rest": done - masked}
    return {**figures, "share": float((mask > 127).mean()), "bytes": float(len(data))}


def memory(model: str, refiner: str) -> str:
    """A table: with and without refinement."""
    rows = []
    for megapixels in MEGAPIXELS:
        for name, extra in (("refined", []), ("fast", ["--fast"])):
            command = [sys.executable, "-m", "bench.chunked", "one", str(megapixels), "--model", model]
            done = subprocess.run(
                [*command, "--refiner", refiner, *extra], capture_output=True, text=True, check=True, timeout=300
            )
            said = json.loads(done.stdout)
            gigabytes = Cell(f"{said['gb']:.2f}", said["gb"] <= MOST_GB)
            rows.append((megapixels, name, gigabytes, f"{said['mask']:.1f}", f"{said['rest']:.1f}"))
    header = ("megapixels", "", "GB beyond the models", "mask, s", "cutout and PNG, s")
    return f"{machine()}; {model} and {refiner}, 2 threads:\n\n{markdown(header, rows)}"


def by_tiles(refiner: str) -> str:
    """A table: seconds by the number of tiles of one picture, the least of three."""
    picture, base = scene(MEGAPIXELS[-1])
    loaded = load_refiner(refiner, threads=2)
    loaded.warm_up()
    seconds: dict[int, list[float]] = {}
    for _ in range(3):
        for tiles in TILES:
            chunked = Chunked(loaded, budget=tiles)
            begun = time.perf_counter()
            done = chunked(picture, base)
            seconds.setdefault(done.tiles, []).append(time.perf_counter() - begun)
    loaded.close()
    rows = [(tiles, f"{min(those):.2f}", f"{min(those) / tiles * 1e3:.0f}") for tiles, those in seconds.items()]
    header = ("tiles", "s", "ms a tile")
    return f"{MEGAPIXELS[-1]} megapixels, by the budget of tiles:\n\n{markdown(header, rows)}"


def seams(folder: Path, model: str, refiner: str, limit: int, enlarge: float) -> str:
    """Where two grids differ, of pixels that one of them refined and of all."""
    loaded = load_refiner(refiner, threads=2)
    grids = [Chunked(loaded, overlap=round(Chunked(loaded).tile * part)) for part in OVERLAPS]
    agree: list[float] = []
    apart: list[float] = []
    with Segmenter(model, threads=2) as segmenter:
        for path in _even(find_images(folder), limit):
            picture = cv2.resize(read_image(path), None, fx=enlarge, fy=enlarge, interpolation=cv2.INTER_CUBIC)
            base = segmenter(picture)
            first, second = (grid(picture, base).data.astype(np.int16) for grid in grids)
            difference = np.abs(first - second)
            agree.append(float((difference <= WITHIN).mean()))
            apart.append(float(((first > 127) != (second > 127)).mean()))
    loaded.close()
    rows = [(len(agree), Cell(f"{np.mean(agree):.4%}", float(np.mean(agree)) >= AGREE), f"{min(agree):.4%}",
             f"{median(agree):.4%}", f"{np.mean(apart):.4%}")]  # fmt: skip
    header = ("images", f"within {WITHIN} of 255, mean", "worst", "median", "on two sides of one half")
    overlaps = " and ".join(str(grid.overlap) for grid in grids)
    what = f"tiles of {grids[0].tile}, overlapping by {overlaps}, {refiner} on {model}, images enlarged {enlarge} times"
    return f"{machine()}; {what}:\n\n{markdown(header, rows)}"


def _even(paths: list[Path], limit: int) -> list[Path]:
    return paths[:: max(1, -(-len(paths) // limit))]


if __name__ == "__main__":
    sys.exit(main())
