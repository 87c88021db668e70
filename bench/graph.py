"""What the graph itself costs: the live pipeline around a network of known speed, fed at 60 frames a second.

The network sleeps (as a GPU would), or burns a core without the GIL (as a CPU runtime does). Judged by the targets
printed beside the figures; exits with 1 when one is missed.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
import tracemalloc
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from bench.report import machine, markdown, publish
from rtskin.frame import Packet
from rtskin.graph import Graph, GraphStatistics
from rtskin.node import Context, Node, Source
from rtskin.registry import NODES

RATE = 60.0
SIZE = "640x480"
#: More than this is an array: what a node takes in Python's own small objects stays below.
LARGEST_KB = 16.0
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
    figures: GraphStatistics = graph.run()
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
        cpu=figures.graph_cpu_ms_per_frame,
        dropped=figures.frames["dropped"],
        captured=figures.frames["captured"],
    )


def memory_taken(frames: int) -> dict[str, float]:
    """kB that a node takes at most while it works on one frame after warm-up, by node: the median over frames.

    The nodes run in turn in this thread, so that what each takes can be told; Python's own small objects count.
    """
    graph = build(0, False, (2 * frames) / RATE)
    order, context = graph.check().order, Context()
    for name in order:
        graph.nodes[name].open(context)
    taken: dict[str, list[float]] = {name: [] for name in order}
    for number in range(2 * frames):
        if number == frames:
            tracemalloc.start()
        packet: Any = None
        for name in order:
            node = graph.nodes[name]
            tracemalloc.reset_peak()
            before, _ = tracemalloc.get_traced_memory()
            packet = node.read() if isinstance(node, Source) else node.process(packet)
            taken[name].append((tracemalloc.get_traced_memory()[1] - before) / 1e3)
    tracemalloc.stop()
    for name in order:
        graph.nodes[name].close()
    return {name: statistics.median(values[frames:]) for name, values in taken.items()}


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
    taken = memory_taken(50)
    largest = max(taken, key=lambda name: taken[name])
    missed += [f"{name}: {kb:.1f} kB a frame" for name, kb in taken.items() if kb > LARGEST_KB]
    header = [
        "network", "frames/s", "of min(60, 1/delay), ≥ 97 %", "p50 ms", "p95 ms", "p50 of first → last third",
        "graph CPU ms a frame, ≤ 0.5", "dropped",
    ]  # fmt: skip
    table = markdown(header, rows)
    text = (
        f"## The graph around a network of known speed\n\n{machine()}. `python -m bench.graph --seconds {seconds:g}`: "
        f"source {SIZE} at {RATE:g} frames/s, {7} nodes, each in its own thread. Targets missed are bold.\n\n{table}\n\n"
        f"Memory taken while a node works on a frame, after warm-up, Python's own objects included (the smallest picture "
        f"here has 65 kB): at most {taken[largest]:.1f} kB ({largest})."
    )
    publish("graph", text)
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
