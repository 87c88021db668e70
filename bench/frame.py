"""What one frame costs on its way through the live path: CPU by stage, and what the graph adds.

``python -m bench.frame`` takes a video through the stages in turn, in one thread (CPU of that thread, median over frames),
and through ``rtskin live`` at its pace and at full speed (CPU of each node, of handing over, and of all else in the
process). ``--against TREE`` does the same with the package of another checkout, in turn with this one, and shows both and
the median of the rounds' ratios: before and after. ``--write`` puts the table into bench/README.md.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parents[1]
#: Frames at the start that are not judged.
WARM = 15
#: What is measured in the graph: settings of the pipeline by name.
GRAPHS = {"at its pace": "source", "at full speed": "max"}

Figures = dict[str, float]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=HERE.parent / "shared/data/videos/sam2_01_dog.mp4")
    parser.add_argument("--frames", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--against", type=Path, help="another checkout, to compare with")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    parser.add_argument("--one", action="store_true", help=argparse.SUPPRESS)
    chosen = parser.parse_args()
    if chosen.one:
        print(json.dumps({**in_turn(chosen.video, chosen.frames), **in_graphs(chosen.video, chosen.frames / 30)}))
        return 0
    trees = [HERE] if chosen.against is None else [chosen.against.resolve(), HERE]
    rounds = [measured(trees, chosen.video, chosen.frames, number % 2 == 1) for number in range(chosen.rounds)]
    show(section(rounds, trees, chosen.video.name, chosen.frames), chosen.write)
    return 0


def measured(trees: list[Path], video: Path, frames: int, backwards: bool) -> list[Figures]:
    """One round, in the order of ``trees`` whichever comes first."""
    found = {tree: _in(tree, video, frames) for tree in (reversed(trees) if backwards else trees)}
    return [found[tree] for tree in trees]


def _in(tree: Path, video: Path, frames: int) -> Figures:
    """With the package of a tree; this very file does the work in both."""
    words = [sys.executable, __file__, "--one", "--video", str(video.resolve()), "--frames", str(frames)]
    done = subprocess.run(
        words, cwd=tree, env={**os.environ, "PYTHONPATH": str(tree)}, stdout=subprocess.PIPE, check=True
    )
    figures: Figures = json.loads(done.stdout)
    return figures


def in_turn(video: Path, frames: int) -> Figures:
    """Stage by stage, in this thread: CPU ms a frame, medians."""
    from rtskin.capture.kinds import open_source
    from rtskin.frame import Scores
    from rtskin.infer.base import load_segmenter
    from rtskin.infer.cards import DEFAULT_MODEL
    from rtskin.media import cv2
    from rtskin.preprocess.skip import Skip
    from rtskin.preprocess.small import small_luma
    from rtskin.render.refine import Refiner
    from rtskin.render.views.chain import Chain
    from rtskin.smooth.flow import Flow
    from rtskin.smooth.stream import Continuity

    cv2.setNumThreads(1)
    segmenter, skip, goes_on = load_segmenter(DEFAULT_MODEL, threads=1), Skip(), Continuity()
    flow, refine, view = Flow(), Refiner(), Chain("overlay")
    segmenter.warm_up()
    clock = Clock()
    with open_source(str(video)) as source:
        for _ in range(frames + WARM):
            frame = clock("decode", source.read)
            if frame is None:
                break
            clock("small luma", small_luma, frame)
            clock("skip", skip, frame, segmenter)
            clock("colours", lambda frame=frame: frame.bgr)
            prepared = clock("tensor", segmenter.prepare, frame)
            scores = clock("network", segmenter.infer, prepared)
            step = clock("cuts", goes_on, frame, scores.model, scores.data.shape)
            data = clock("flow filter", flow.apply, scores.data, step.dt, frame)
            mask = clock("refine", refine, Scores(frame, data, scores.model))
            clock("overlay", view, mask)
    return clock.medians()


class Clock:
    """CPU of this thread, by name."""

    def __init__(self) -> None:
        self._took: dict[str, list[float]] = {}

    def __call__(self, name: str, work: Callable[..., Any], *arguments: Any) -> Any:
        begun = time.thread_time()
        answer = work(*arguments)
        self._took.setdefault(name, []).append(1e3 * (time.thread_time() - begun))
        return answer

    def medians(self) -> Figures:
        found = {name: statistics.median(took[WARM:]) for name, took in self._took.items()}
        return {**found, "in turn": sum(found.values())}


def in_graphs(video: Path, seconds: float) -> Figures:
    """The live pipeline: CPU ms a frame by node, of handing over, and of all else; p95 of the latency; frames a second."""
    from rtskin.cli.session import opencv_alone
    from rtskin.graph import Graph

    found: Figures = {}
    for name, pace in GRAPHS.items():
        settings = {"source.uri": str(video), "source.pace": pace, "smooth.in_time": False, "sink": {"kind": "null"}}
        with opencv_alone():
            graph = Graph.from_toml("live_overlay", settings)
            with graph:
                graph.start()
                while not graph.statistics().frames["rendered"]:
                    time.sleep(0.01)
                begun, before = time.process_time(), graph.statistics()
                graph.wait(seconds)
                said, cpu = graph.statistics(), time.process_time() - begun
        count = max(1, said.frames["rendered"] - before.frames["rendered"])
        for node, figures in said.nodes.items():
            found[f"{node}, {name}"] = (figures.cpu_ms - before.nodes[node].cpu_ms) / count
        found[f"handing over, {name}"] = (
            sum(figures.overhead_cpu_ms - before.nodes[node].overhead_cpu_ms for node, figures in said.nodes.items())
            / count
        )
        found[f"process, {name}"] = 1e3 * cpu / count
        found[f"p95 ms, {name}"] = said.latency_ms["p95"] or 0.0
        found[f"frames/s, {name}"] = said.fps
    return found


def section(rounds: list[list[Figures]], trees: list[Path], name: str, frames: int) -> str:
    """For bench/README.md."""
    from bench.report import machine, markdown

    header = ["", "before", "now", "now / before (lowest … highest)"] if len(trees) > 1 else ["", "now"]
    rows = []
    for key in rounds[0][-1]:
        figures = [[one[place].get(key, 0.0) for one in rounds] for place in range(len(trees))]
        row = [key, *(f"{statistics.median(values):.2f}" for values in figures)]
        if len(trees) > 1:
            ratios = [after / before for before, after in zip(*figures, strict=True) if before]
            row.append(f"{statistics.median(ratios):.2f} ({min(ratios):.2f} … {max(ratios):.2f})" if ratios else "–")
        rows.append(row)
    return (
        f"## A frame on its way\n\n{machine()}. `python -m bench.frame`: {name}, {frames} frames, medians of {len(rounds)} "
        "interleaved rounds; CPU ms a frame where nothing else is said. First the stages in turn in one thread, then the "
        f"nodes of `rtskin live`.\n\n{markdown(header, rows)}"
    )


def show(text: str, write: bool) -> None:
    from bench.report import publish

    publish("frame", text) if write else print(text)


if __name__ == "__main__":
    sys.exit(main())
