"""Does one process stay as it is: 1,000 graphs that start and stop, and 200 models that change in one that runs.

``python -m bench.cycles --write`` puts the table into bench/README.md; exits with 1 where a target is missed. Each graph is
the live pipeline with the default model, a small synthetic camera and no display; it shows a few frames and stops. Memory is
what the system counts (Linux: /proc/self) after Python's garbage is collected and the allocator has given back what it keeps
for later (glibc keeps some for each thread there was: without, the same process stands at twice as much after a thousand
graphs, and grows no more), with the allocator's setting that the command line makes; of it, the slope over the second half
of the samples, since at first caches fill.
"""

from __future__ import annotations

import argparse
import contextlib
import ctypes
import gc
import os
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bench.endless import resident
from bench.report import Cell, machine, markdown, publish
from rtskin.allocator import share_heaps
from rtskin.graph import Graph
from rtskin.infer.cards import DEFAULT_MODEL

CAMERA = "pattern:320x180@30"
#: Frames that a graph shows before it is stopped; samples over all cycles.
SHOWN, SAMPLES = 2, 100
#: Models in turn, and frames of one before it is changed.
MODELS = ("mobile-unet-prior", "ellipse", DEFAULT_MODEL)
#: Seconds that a model may take to come; kB a cycle that memory may grow: what a thousand of them make is a few MB.
PATIENCE, SLOPE = 120.0, 4.0
HEADER = ["what", "threads", "open files", "MB, second half", f"kB a time, ≤ {SLOPE:g}", "seconds a time"]


@dataclass(frozen=True)
class Sample:
    """What the process holds after so many times. threads: of the system, of all libraries."""

    times: int
    threads: int
    files: int
    megabytes: float

    @classmethod
    def now(cls, times: int) -> Sample:
        _give_back()
        threads, files = (len(os.listdir(f"/proc/self/{kind}")) for kind in ("task", "fd"))
        return cls(times, threads, files, resident())


def _give_back() -> None:
    gc.collect()
    with contextlib.suppress(OSError, AttributeError, TypeError):  # another C library than glibc
        ctypes.CDLL(None).malloc_trim(0)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cycles", type=int, default=1000)
    parser.add_argument("--switches", type=int, default=200)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    if not Path("/proc/self/task").exists():
        print("bench.cycles counts threads and files in /proc, which is not there", file=sys.stderr)
        return 2
    share_heaps()
    rows = []
    for name, work, count in (
        ("start and stop", cycles, chosen.cycles),
        ("change of model", switches, chosen.switches),
    ):
        begun = time.monotonic()
        samples = sampled(work(count), count)
        rows.append(row(f"{count:,} × {name}", samples, (time.monotonic() - begun) / count))
        print(*map(str, rows[-1]), file=sys.stderr, flush=True)
    text = section(rows)
    publish("cycles", text) if chosen.write else print(text)
    return 1 if any(cell.met is False for one in rows for cell in one) else 0


def cycles(count: int) -> Iterator[int]:
    """A graph from its making to its end, so often; answers after each."""
    for number in range(1, count + 1):
        graph = _live()
        graph.start()
        _until(graph, lambda graph=graph: graph.statistics().frames["rendered"] >= SHOWN)  # type: ignore[misc]
        graph.stop()
        yield number


def switches(count: int) -> Iterator[int]:
    """Models of a graph that runs, so often; answers after each, once it is at work."""
    with _live() as graph:
        graph.start()
        _until(graph, lambda: graph.statistics().frames["rendered"] >= SHOWN)
        for number in range(1, count + 1):
            model = MODELS[number % len(MODELS)]
            graph.set("infer", "model", model)
            _until(graph, lambda model=model: graph.nodes["infer"].counters()["model"] == model)  # type: ignore[misc]
            yield number


def sampled(work: Iterator[int], count: int) -> list[Sample]:
    """What the process holds at SAMPLES times on the way."""
    every = max(1, count // SAMPLES)
    return [Sample.now(number) for number in work if number % every == 0]


def row(name: str, samples: Sequence[Sample], seconds: float) -> list[Cell]:
    """Threads and files must not be more in the last quarter than in the one before, nor may memory grow by more than SLOPE
    a time. One that is just ending may be counted now and then, so medians are compared."""
    half = samples[len(samples) // 2 :]
    slope, doubt = slope_of([one.times for one in half], [one.megabytes for one in half])
    held = [_held([one.threads for one in half]), _held([one.files for one in half])]
    memory = Cell(f"{half[0].megabytes:.0f} → {half[-1].megabytes:.0f}")
    return [
        Cell(name),
        *held,
        memory,
        Cell(f"{slope:+.1f} ± {doubt:.1f}", slope - doubt <= SLOPE),
        Cell(f"{seconds:.2f}"),
    ]


def slope_of(times: Sequence[int], megabytes: Sequence[float]) -> tuple[float, float]:
    """kB a time, and its 95 % interval to each side: the ordinary one of a straight line through the points."""
    x, y = np.array(times, float), np.array(megabytes, float)
    slope, base = np.polyfit(x, y, 1)
    left = y - slope * x - base
    error = np.sqrt((left**2).sum() / max(1, len(x) - 2) / ((x - x.mean()) ** 2).sum())
    return 1e3 * float(slope), 1.96e3 * float(error)


def _held(counts: Sequence[int]) -> Cell:
    third, last = counts[: len(counts) // 2], counts[len(counts) // 2 :]
    return Cell(f"{min(counts)} … {max(counts)}", statistics.median(last) <= statistics.median(third))


def section(rows: Sequence[Sequence[Cell]]) -> str:
    """For bench/README.md."""
    return (
        f"## Starting, stopping, changing models\n\n{machine()}. `python -m bench.cycles`: all in one process; the live "
        f"pipeline with {DEFAULT_MODEL}, {CAMERA}, no display. Least … most, memory and its slope (95 % "
        f"interval) over the second half of the times, after garbage collection and malloc_trim. "
        f"Models in turn: {', '.join(MODELS)}. Targets missed are bold.\n\n{markdown(HEADER, rows)}"
    )


def _live() -> Graph:
    return Graph.from_toml(
        "live_overlay", {"source.uri": CAMERA, "infer.threads": 1, "preprocess.skip": False, "sink": {"kind": "null"}}
    )


def _until(graph: Graph, true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not true():
        if graph.error is not None:
            raise graph.error
        if time.monotonic() > deadline:
            raise TimeoutError(f"nothing happened for {PATIENCE:g} s")
        time.sleep(0.005)


if __name__ == "__main__":
    sys.exit(main())
