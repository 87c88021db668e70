"""Ids of regions on made scenes with known truth, and what finding and tracking them costs.

IDF1 and switches are py-motmetrics' (Ristani et al., "Performance Measures and a Data Set for Multi-Target, Multi-Camera
Tracking", 2016), with our own distances: 1 − IoU of boxes, from 0.5 on no match. Things count also while they are covered.
"""

from __future__ import annotations

import argparse
import sys
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path

import motmetrics
import numpy as np

from bench import track_boxes
from bench.boxes import overlap
from bench.report import Cell, machine, markdown, publish
from bench.track_scenes import SIZE, Scene, play, scenes
from rtskin.frame import BgrPicture, Box, Frame, Scores, SourceInfo
from rtskin.node import Context
from rtskin.roi.node import FindRegions

TARGET = 0.95
#: Pixels at 720p, and frames, at most.
JITTER, LAG = 0.5, 1.0
INFO = SourceInfo("made", *SIZE)
PICTURE = BgrPicture(np.zeros((SIZE[1], SIZE[0], 3), np.uint8))
MANNERS = ((30.0, 0.0), (15.0, 0.0), (30.0, 0.3))


def follow(scene: Scene, rate: float, dropped: float, seed: int) -> motmetrics.MOTAccumulator:
    """Run a scene through the node, and note which id was at which thing."""
    node = FindRegions(cuts=False, labels="none")  # the pictures are black
    node.open(Context())
    noted = motmetrics.MOTAccumulator(auto_id=True)
    for number, shown in enumerate(play(scene, rate, seed, dropped)):
        ticks = round(shown.time * 90000)
        frame = Frame(number, PICTURE, INFO, ticks, Fraction(1, 90000))
        regions = node.process(Scores(frame, shown.mask)).regions
        truth = list(shown.boxes.values())
        noted.update(list(shown.boxes), [region.id for region in regions], distances(truth, [r.box for r in regions]))
    node.close()
    return noted


def distances(truth: list[Box], found: list[Box]) -> np.ndarray:
    """1 − IoU, n×m; NaN where they overlap by less than half."""
    out = np.full((len(truth), len(found)), np.nan)
    for row, a in enumerate(truth):
        for column, b in enumerate(found):
            value = overlap(a, b)
            if value >= 0.5:
                out[row, column] = 1 - value
    return out


@dataclass(frozen=True)
class Score:
    """Of one scene, or all: IDF1 of each run, and switches of all runs together."""

    scene: str
    idf1: list[float]
    switches: int

    def cell(self) -> Cell:
        mean, worst = sum(self.idf1) / len(self.idf1), min(self.idf1)
        return Cell(f"{mean:.3f} ({worst:.3f}) / {self.switches}", worst >= TARGET)


def measure(rate: float, dropped: float, seeds: int, only: str = "") -> list[Score]:
    """Of each scene over all seeds, and of "all" scenes of a seed together."""
    noted = {
        (scene.name, seed): follow(scene, rate, dropped, seed)
        for seed in range(seeds)
        for scene in scenes(seed)
        if only in scene.name
    }
    names = list(dict.fromkeys(name for name, _ in noted))
    found = []
    for name in [*names, "all"]:
        runs = [
            _of([one for (scene, run), one in noted.items() if run == seed and name in (scene, "all")])
            for seed in range(seeds)
        ]
        found.append(Score(name, [idf1 for idf1, _ in runs], sum(switches for _, switches in runs)))
    return found


def _of(noted: list[motmetrics.MOTAccumulator]) -> tuple[float, int]:
    """IDF1 and switches of some scenes together."""
    metrics = motmetrics.metrics.create()
    table = metrics.compute_many(noted, metrics=["idf1", "num_switches"], generate_overall=True)
    return float(table.loc["OVERALL", "idf1"]), int(table.loc["OVERALL", "num_switches"])


def report(seeds: int, only: str = "") -> str:
    """The table."""
    columns = [measure(rate, dropped, seeds, only) for rate, dropped in MANNERS]
    heads = [f"{rate:.0f} Hz" + (f", {dropped:.0%} dropped" if dropped else "") for rate, dropped in MANNERS]
    rows = [[row[0].scene, *(score.cell() for score in row)] for row in zip(*columns, strict=True)]
    head = markdown(["scene", *(f"IDF1 (worst) / switches, {head}" for head in heads)], rows)
    return (
        f"{head}\n\n{seeds} runs, each with other noise: the mean and, in brackets, the worst of them, bold below {TARGET}; "
        f"switches of all runs together; {machine()}."
    )


def boxes(clip: str) -> str:
    """The table of how still boxes stand, how far they are behind, and what it costs."""
    still = track_boxes.picture(clip)
    rows: list[list[object]] = []
    for steady in (True, False):
        name = "steadied" if steady else "as measured"
        value = track_boxes.jitter(still, "mobile-unet", "adaptive", steady)
        rows.append(
            [f"a still hand, {name}: deviation of a side, px of 1280×720", Cell(f"{value:.2f}", value <= JITTER)]
        )
    for speed in (5.0, 20.0, 40.0):
        value = track_boxes.lag(speed, True)
        rows.append([f"a disc at {speed:.0f} px a frame, steadied: frames behind", Cell(f"{value:.2f}", value <= LAG)])
    rows += [
        [f"{name}, {count} regions: regions and tracks, ms a frame", f"{value:.2f}"]
        for name, count, value in track_boxes.cost()
    ]
    table = markdown(["", "measured"], rows)
    return f"{table}\n\nThe hand is the last picture of `{Path(clip).name}`; {machine()}."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--only", default="", help="scenes whose name has this in it")
    parser.add_argument("--boxes", metavar="CLIP", help="instead: jitter of the last picture of a clip, lag, cost")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    section = "track boxes" if chosen.boxes else "tracks"
    text = boxes(chosen.boxes) if chosen.boxes else report(chosen.seeds, chosen.only)
    print(text) if chosen.no_publish else publish(section, text)
    return 0


if __name__ == "__main__":
    sys.exit(main())
