"""What masks that ride bring: frames a second of the bundled pipelines around a network that takes ``--delay`` ms.

The network sleeps (as on a GPU) or burns a core without the GIL; all else is real, on a real video. From a file every frame
is taken (``rtskin.stream``), as from a camera frames come at the video's rate (``rtskin live``). Ways are interleaved in
rounds, ratios are within each. ``--write`` puts the tables into bench/README.md; exits with 1 where a target is missed. What
it costs in accuracy is asked by bench.every.
"""

from __future__ import annotations

import argparse
import statistics
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from bench.graph import CARD, Latency
from bench.load import Others
from bench.loops import Marks, Timing
from bench.pipeline import VIDEO
from bench.report import Cell, machine, markdown, publish
from rtskin.cli.session import opencv_alone
from rtskin.graph import Graph, GraphSpec, GraphStatistics
from rtskin.riding import NODE, with_every, with_latest

#: What is asked: of files so many times the frames of the first way, of live so much of the camera's.
JUDGED, FASTER, SHOWN = "5", 4.0, 0.97
NETWORKS = {"sleeping": False, "burning": True}

Change = Callable[[GraphSpec], GraphSpec]
FILES: Mapping[str, Change] = {
    "1": lambda spec: spec,
    "5": partial(with_every, every=5),
    "10": partial(with_every, every=10),
    "auto": partial(with_every, every="auto"),
}
#: What live is without masks that ride: each frame waits for its own.
PAIRED = "`--pairing paired`"
LIVE: Mapping[str, Change] = {
    PAIRED: lambda spec: spec,
    "`--pairing latest`": with_latest,
    "`--every 5`": partial(with_every, every=5),
    "`--every auto`": partial(with_every, every="auto"),
}


@dataclass(frozen=True)
class Run:
    """fps: frames that came out a second. shown: part of the source's. p50: ms from capture to sink. keys: key frames.
    lag: frames that a mask is older than what it is shown with."""

    frames: int
    fps: float
    shown: float
    p50: float | None = None
    keys: int | None = None
    lag: float | None = None


#: By network, by way: one for each round.
Runs = dict[str, dict[str, list[Run]]]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=VIDEO)
    parser.add_argument("--delay", type=float, default=80.0, metavar="MS")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--write", action="store_true", help="put the tables into bench/README.md")
    chosen = parser.parse_args()
    with opencv_alone():
        others = Others()
        files = file_rows(interleaved(FILES, chosen.delay, chosen.rounds, partial(from_file, chosen.video)))
        live = live_rows(interleaved(LIVE, chosen.delay, chosen.rounds, partial(as_camera, chosen.video)))
        share = others.share()
    text = section(files, live, f"{chosen.delay:g} ms, {chosen.video.name}", chosen.rounds, share)
    publish("slow", text) if chosen.write else print(text)
    return 1 if any(cell.met is False for row in files + live for cell in row) else 0


def interleaved(
    ways: Mapping[str, Change], delay: float, rounds: int, run: Callable[[Change, dict[str, Any]], Run]
) -> Runs:
    """Forwards and backwards in turn, so that no way profits from a quiet moment."""
    found: Runs = {network: {name: [] for name in ways} for network in NETWORKS}
    for number in range(rounds):
        for network, burn in NETWORKS.items():
            fake = {"delay_ms": delay, "burn": burn}
            settings = {"infer.model": str(CARD), "infer.runtime": "fake", "infer.runtime_options": fake}
            for name in list(ways) if number % 2 == 0 else reversed(list(ways)):
                found[network][name].append(run(ways[name], settings))
                print(network, name, found[network][name][-1], file=sys.stderr, flush=True)
    return found


def from_file(video: Path, change: Change, settings: dict[str, Any]) -> Run:
    """Every frame, as fast as it goes."""
    graph, marks = Graph.from_toml("masks", {**settings, "source.uri": str(video)}, change), Marks()
    for mask in graph:
        marks.add(mask.frame.captured_ns)
    fps = float(Timing.of(marks).fps)
    return Run(len(marks.times), fps, 1.0, keys=_counter(graph.statistics(), "key_frames"))


def as_camera(video: Path, change: Change, settings: dict[str, Any]) -> Run:
    """Frames come at the video's rate, and are dropped where nobody takes them."""
    # A picture that stands still would leave the network idle.
    own = {"source.uri": str(video), "sink": {"kind": "bench-latency"}, "preprocess.skip": False}
    graph = Graph.from_toml("live_overlay", {**settings, **own}, change)
    said, sink = graph.run(), graph.nodes["sink"]
    assert isinstance(sink, Latency)
    captured, rendered = said.frames["captured"], said.frames["rendered"]
    fps = (len(sink.arrivals) - 1) / (sink.arrivals[-1] - sink.arrivals[0])
    keys, lag = _counter(said, "key_frames"), _counter(said, "mean_lag")
    return Run(captured, fps, rendered / captured, float(np.median(sink.latencies)), keys, lag)


def file_rows(runs: Runs) -> list[list[Cell]]:
    """Network, every, frames a second, ratio to the first way in the same round, key frames of the frames."""
    rows = []
    for network, ways in runs.items():
        base = next(iter(ways.values()))
        for every, found in ways.items():
            ratios = [one.fps / other.fps for one, other in zip(found, base, strict=True)]
            middle = statistics.median(ratios)
            ratio = Cell(f"{middle:.2f} ({min(ratios):.2f} … {max(ratios):.2f})")
            if every == JUDGED:
                ratio = Cell(ratio.text, middle >= FASTER)
            text = [network, every, f"{_median(found, 'fps'):.1f}"]
            rows.append([*map(Cell, text), Cell("–") if found is base else ratio, Cell(_keys(found))])
    return rows


def live_rows(runs: Runs) -> list[list[Cell]]:
    """Network, way, frames shown a second, their part of the camera's, latency, age of the masks, key frames."""
    rows = []
    for network, ways in runs.items():
        for name, found in ways.items():
            shown = _median(found, "shown")
            part = Cell(f"{shown:.1%}", shown >= SHOWN if name != PAIRED else None)
            lag = "–" if found[0].lag is None else f"{_median(found, 'lag'):.1f}"
            front = [Cell(text) for text in (network, name, f"{_median(found, 'fps'):.1f}")]
            rows.append([*front, part, *map(Cell, (f"{_median(found, 'p50'):.0f}", lag, _keys(found)))])
    return rows


def section(files: list[list[Cell]], live: list[list[Cell]], what: str, rounds: int, others: float) -> str:
    """For bench/README.md."""
    of_files = ["network", "every", "frames/s", "× every frame", "key frames"]
    of_live = ["network", "masks", "shown frames/s", "of the camera's", "p50 ms, capture to sink", "mask's age, frames"]
    return (
        f"## Masks that ride: speed\n\n{machine()}. `python -m bench.slow`: a network that takes {what}; medians of "
        f"{rounds} interleaved rounds, ratios within each (lowest … highest). Targets missed are bold: every {JUDGED}, "
        f"{FASTER:g} × the frames; live, {SHOWN:.0%} of the camera's frames shown. Other programs took {others:.0%} of the "
        f"machine meanwhile.\n\nFrom a file, every frame taken (`rtskin.stream`):\n\n{markdown(of_files, files)}\n\n"
        f"The same video as from a camera (`rtskin live`):\n\n{markdown([*of_live, 'key frames'], live)}"
    )


def _counter(said: GraphStatistics, name: str) -> Any:
    return said.nodes[NODE].counters.get(name) if NODE in said.nodes else None


def _keys(found: Sequence[Run]) -> str:
    return "–" if found[0].keys is None else f"{_median(found, 'keys'):.0f} of {_median(found, 'frames'):.0f}"


def _median(found: Sequence[Run], what: str) -> float:
    return float(statistics.median(getattr(run, what) for run in found))


if __name__ == "__main__":
    sys.exit(main())
