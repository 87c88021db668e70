"""What the graph itself costs: the live pipeline around a network of known speed, fed at 60 frames a second.

The network sleeps (as a GPU would), or burns a core without the GIL (as a CPU runtime does). Judged by the targets
printed beside the figures; exits with 1 when one is missed.
"""

from __future__ import annotations

import argparse
import sys
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.report import machine, markdown, publish
from rtskin.frame import Packet
from rtskin.graph import Graph, GraphStatistics
from rtskin.node import Node
from rtskin.registry import NODES

RATE = 60.0
SIZE = "640x480"
CARD = Path(__file__).with_name("cards") / "fake"
#: Seconds at the start that are not judged: first runs compile, load and fill pools.
WARM = 2.0


@NODES.register("bench-latency")
class Latency(Node):
    """A sink that keeps when each frame arrived and how old it was then."""

    emits = "none"

    def __init__(self) -> None:
        super().__init__()
        self.arrivals: list[float] = []
        self.latencies: list[float] = []

    def process(self, packet: Packet) -> None:
        now = time.monotonic_ns()
        self.arrivals.append(now / 1e9)
        self.latencies.append((now - packet.frame.captured_ns) / 1e6)


@dataclass
class Figures:
    """One run: frames a second, latencies in ms, CPU of the graph in ms a frame."""

    fps: float
    p50: float
    p95: float
    first: float
    last: float
    cpu: float
    dropped: int
    captured: int


def build(delay_ms: float, burn: bool, seconds: float) -> Graph:
    """The live pipeline as it is shipped, with a synthetic source and the fake runtime."""
    frames = int(RATE * seconds)
    return Graph.from_toml(
        "live_overlay",
        {
            "source.uri": f"pattern:{SIZE}@{RATE:g}?frames={frames}",
            "infer.model": str(CARD),
            "infer.runtime": "fake",
            "infer.runtime_options": {"delay_ms": delay_ms, "burn": burn},
            "sink": {"kind": "bench-latency"},
        },
    )


def measure(delay_ms: float, burn: bool, seconds: float) -> Figures:
    """Run it once."""
    graph = build(delay_ms, burn, seconds + WARM)
    statistics: GraphStatistics = graph.run()
    sink = graph.nodes["sink"]
    assert isinstance(sink, Latency)
    arrivals, latencies = np.array(sink.arrivals), np.array(sink.latencies)
    judged = arrivals > arrivals[0] + WARM
    arrivals, latencies = arrivals[judged], latencies[judged]
    third = len(latencies) // 3
    return Figures(
        fps=(len(arrivals) - 1) / (arrivals[-1] - arrivals[0]),
        p50=float(np.percentile(latencies, 50)),
        p95=float(np.percentile(latencies, 95)),
        first=float(np.percentile(latencies[:third], 50)),
        last=float(np.percentile(latencies[-third:], 50)),
        cpu=statistics.graph_cpu_ms_per_frame,
        dropped=statistics.frames["dropped"],
        captured=statistics.frames["captured"],
    )


def arrays_allocated(seconds: float) -> tuple[list[str], int, int]:
    """Arrays over 1 kB made after warm-up that are alive at one of many moments of a run, by where they were made.

    Pools are told apart: taking a snapshot holds every thread for a moment, so that once in a while more frames than ever
    are under way after it and a pool grows. Answers the other places, the buffers that pools grew by, and the frames.
    """
    graph = build(5, False, seconds + WARM)
    graph.start()
    time.sleep(WARM)
    before = graph.statistics().frames["rendered"]
    tracemalloc.start()
    numpy_only = tracemalloc.DomainFilter(True, np.lib.tracemalloc_domain)
    elsewhere: set[str] = set()
    grown = 0
    while not graph.wait(0.05):
        large = [t for t in tracemalloc.take_snapshot().filter_traces([numpy_only]).traces if t.size > 1024]
        places = [f"{t.size} B at {Path(t.traceback[-1].filename).name}:{t.traceback[-1].lineno}" for t in large]
        elsewhere |= {place for place in places if " pool.py:" not in place}
        grown = max(grown, sum(" pool.py:" in place for place in places))
    tracemalloc.stop()
    return sorted(elsewhere), grown, graph.statistics().frames["rendered"] - before


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=60.0, help="length of each of the six runs")
    seconds = parser.parse_args().seconds
    rows, missed = [], []
    for delay in (5, 20, 60):
        for burn in (False, True):
            figures = measure(delay, burn, seconds)
            wanted, bound = min(RATE, 1000 / delay), delay + 1000 / RATE + 5
            checks = {
                f"{figures.fps / wanted:.1%}": figures.fps >= 0.97 * wanted,
                f"{figures.p95:.1f} (≤ {bound:.1f})": figures.p95 <= bound,
                f"{figures.first:.1f} → {figures.last:.1f}": figures.last <= figures.first + 2,
                f"{figures.cpu:.2f}": figures.cpu <= 0.5,
            }
            name = f"{delay} ms {'burning' if burn else 'sleeping'}"
            cells = [text if good else f"**{text}**" for text, good in checks.items()]
            missed += [f"{name}: {text}" for text, good in checks.items() if not good]
            rows.append([name, f"{figures.fps:.2f}", cells[0], f"{figures.p50:.1f}", *cells[1:], figures.dropped])
            print(rows[-1], file=sys.stderr, flush=True)
    arrays, grown, frames = arrays_allocated(6)
    missed += arrays
    header = [
        "network", "frames/s", "of min(60, 1/delay), ≥ 97 %", "p50 ms", "p95 ms", "p50 of first → last third",
        "graph CPU ms a frame, ≤ 0.5", "dropped",
    ]  # fmt: skip
    table = markdown(header, rows)
    text = (
        f"## The graph around a network of known speed\n\n{machine()}. `python -m bench.graph --seconds {seconds:g}`: "
        f"source {SIZE} at {RATE:g} frames/s, {7} nodes, each in its own thread. Targets missed are bold.\n\n{table}\n\n"
        f"Arrays over 1 kB allocated in {frames} frames after warm-up: {'; '.join(arrays) or 'none'}; pools grew by {grown} "
        "buffers in all."
    )
    publish("graph", text)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
