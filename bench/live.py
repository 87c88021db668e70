"""Live as people use it: what a window costs, what a 30 fps video costs, and what a budget does about a slow network.

``python -m bench.live window|pace|slow --write`` puts its section into bench/README.md; exits with 1 where a target is
missed. The video is repeated without a break where it is too short. ``window`` needs an X server; without DISPLAY it starts
Xvfb.
"""

from __future__ import annotations

import argparse
import statistics
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from bench.graph import Latency
from bench.load import Others
from bench.pipeline import VIDEO
from bench.report import Cell, machine, markdown, publish
from bench.stage import display, repeat
from rtskin.cli.session import opencv_alone
from rtskin.graph import Graph
from rtskin.infer.cards import DEFAULT_MODEL, load_card
from rtskin.infer.runtimes.ort import OnnxRuntime
from rtskin.registry import RUNTIMES
from rtskin.riding import BUDGET, NODE, with_budget

#: What is asked, in the order of the sections.
WINDOW_MS, P95_MS, CORE, BACK, SHOWN = 4.0, 20.0, 0.45, 1.0, 0.97
#: Seconds at the start that are not judged.
WARM = 3.0
#: The budget that is to be held, and how many times the network's time is multiplied.
FPS, LATENCY, SLOWER = 30.0, 50.0, 10
#: Seconds of which the latency is taken where it is asked when it was back.
GLANCE = 0.5


@dataclass(frozen=True)
class Stretch:
    """A stretch of a run. cpu: of the process, by wall time. own_ms, network_ms: means of the sink's and the network's own
    work; the latter also tells how fast the machine is at the time."""

    p50: float
    p95: float
    shown: float
    captured: float
    dropped: int
    cpu: float
    own_ms: float
    network_ms: float


@RUNTIMES.register("bench-slower")
class Slower(OnnxRuntime):
    """The real network, ``times`` times as slow. burning: it runs so often, as where others take its
    cores; else it waits, as where they take its GPU."""

    times: ClassVar[int] = 1
    burning: ClassVar[bool] = True

    def run(self, *inputs: Any) -> Any:
        begun = time.perf_counter()
        output = super().run(*inputs)
        took, done = time.perf_counter() - begun, 1
        while done < self.times:
            if self.burning:
                super().run(*inputs)
            else:
                time.sleep(took)
            done += 1
        return output


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["window", "pace", "slow"])
    parser.add_argument("--video", type=Path, default=VIDEO)
    parser.add_argument("--seconds", type=float, default=10.0, help="of each run, or for which the network is slow")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    others = Others()
    with tempfile.TemporaryDirectory() as folder, opencv_alone():
        video = Path(folder) / "long.mp4"
        repeat(chosen.video, video, chosen.seconds + 2 * WARM + 20)
        work = {"window": window, "pace": pace, "slow": slow}[chosen.what]
        rows, text = work(video, chosen.video.name, chosen.seconds, chosen.rounds)
    text = f"{text}\n\nOther programs took {others.share():.0%} of the machine meanwhile."
    publish(f"live {chosen.what}", text) if chosen.write else print(text)
    return 1 if any(cell.met is False for row in rows for cell in row) else 0


Section = tuple[list[list[Cell]], str]


def window(video: Path, name: str, seconds: float, rounds: int) -> Section:
    """A window against a sink that shows nothing, in turn."""
    with display():
        runs: dict[str, list[Stretch]] = {"null": [], "window": []}
        for number in range(rounds):
            for kind in list(runs) if number % 2 == 0 else reversed(list(runs)):
                runs[kind].append(judged({"source.uri": str(video), "sink": {"kind": kind}}, seconds))
                print(kind, runs[kind][-1], file=sys.stderr, flush=True)
    rows = [
        [Cell(kind), *(Cell(f"{statistics.median(values):.2f}") for values in zip(*map(_costs, found), strict=True))]
        for kind, found in runs.items()
    ]
    pairs = [
        zip(_costs(one), _costs(other), strict=True) for one, other in zip(runs["window"], runs["null"], strict=True)
    ]
    more = [statistics.median(values) for values in zip(*([a - b for a, b in pair] for pair in pairs), strict=True)]
    rows.append([Cell("more"), *(Cell(f"{value:+.2f}", value <= WINDOW_MS) for value in more)])
    table = markdown(["sink", "its own work", "CPU of the process", "p50, capture to sink"], rows)
    return rows, (
        f"## The window\n\n{machine()}. `python -m bench.live window --seconds {seconds:g} --rounds {rounds}`: ms a frame, "
        f"{name} at its pace, medians of interleaved rounds under Xvfb; asked: at most {WINDOW_MS:g} ms more a frame. "
        f"Targets missed are bold.\n\n{table}"
    )


def _costs(one: Stretch) -> tuple[float, float, float]:
    return one.own_ms, 1e3 * one.cpu / max(one.shown, 1e-9), one.p50


def pace(video: Path, name: str, seconds: float, rounds: int) -> Section:
    """The default model at the pace of a 30 fps source, no display."""
    runs = []
    for _ in range(rounds):
        runs.append(judged({"source.uri": str(video), "sink": {"kind": "null"}}, seconds))
        print(runs[-1], file=sys.stderr, flush=True)
    p95, cpu, p50, shown, network = (
        statistics.median(getattr(run, name) for run in runs) for name in ("p95", "cpu", "p50", "shown", "network_ms")
    )
    dropped, said = sum(run.dropped for run in runs), load_card(DEFAULT_MODEL).speed["network_ms"]
    cells = [f"{shown:.1f}", f"{p50:.1f}"]
    judged_cells = [
        Cell(f"{p95:.1f}", p95 <= P95_MS),
        Cell(str(dropped), dropped == 0),
        Cell(f"{cpu:.0%}", cpu <= CORE),
    ]
    rows = [[*map(Cell, cells), *judged_cells, Cell(f"{network:.1f}")]]
    header = [
        "frames/s",
        "p50 ms",
        f"p95 ms, ≤ {P95_MS:g}",
        "dropped, 0",
        f"of one core, ≤ {CORE:.0%}",
        "network alone, ms",
    ]
    return rows, (
        f"## Decode to render at a source's pace\n\n{machine()}. `python -m bench.live pace --seconds {seconds:g} --rounds "
        f"{rounds}`: `rtskin live VIDEO --sink null` with {name}, medians of {rounds} runs, drops of all; the CPU is the "
        f"whole process's. The network's card says {said} ms for it on this kind of machine: what it took here tells how "
        f"busy its host was. Targets missed are bold.\n\n{markdown(header, rows)}"
    )


def judged(settings: dict[str, Any], seconds: float) -> Stretch:
    """The live pipeline, looked at for so long after the warm-up; the window needs this thread."""
    graph, found = Graph.from_toml("live_overlay", settings), list[Stretch]()
    watcher = threading.Thread(target=lambda: found.append(_stretch(graph, seconds)))
    watcher.start()
    graph.run(WARM + seconds + 1.5)
    watcher.join()
    return found[0]


def _stretch(graph: Graph, seconds: float) -> Stretch:
    while not graph.started or not graph.statistics().frames["rendered"]:
        time.sleep(0.01)
    time.sleep(WARM)
    watch, before, cpu, begun = graph.watch(), graph.statistics(), time.process_time(), time.monotonic()
    latency = graph._running().workers["sink"].meter.latency
    mark = latency.mark()
    time.sleep(seconds)
    look, share = watch.look(), (time.process_time() - cpu) / (time.monotonic() - begun)
    dropped = graph.statistics().frames["dropped"] - before.frames["dropped"]
    p50 = latency.percentile_since(mark, 50)
    return Stretch(
        p50 or 0,
        look.latency_ms or 0,
        look.shown,
        look.captured,
        dropped,
        share,
        look.node_ms["sink"],
        look.node_ms["infer"],
    )


def slow(video: Path, name: str, seconds: float, rounds: int) -> Section:
    """The budget while the network is slower for so long, and after it."""
    rows = []
    for number in range(rounds):
        Slower.burning = number % 2 == 0
        rows.append([Cell("burning" if Slower.burning else "waiting"), *slowed(video, seconds)])
        print(*map(str, rows[-1]), file=sys.stderr, flush=True)
    header = [
        "network", "before: frames/s", "p95 ms", f"slow: frames/s, ≥ {SHOWN:.0%}", f"p95 ms, ≤ {LATENCY:g}",
        "mask's age, frames", "after: p95 ms", f"back after s, ≤ {BACK:g}", "own masks after s", "picked while slow",
    ]  # fmt: skip
    return rows, (
        f"## A budget while the network is slow\n\n{machine()}. `python -m bench.live slow --seconds {seconds:g} --rounds "
        f"{rounds}`: `rtskin live VIDEO --fps {FPS:g} --latency {LATENCY:g} --sink null` with {name}, its network "
        f"{SLOWER} times as slow for {seconds:g} s. Slow is judged from its second second on: the budget needs one. Back: "
        f"until the p95 of {GLANCE:g} s is what it was before and a frame ({1e3 / FPS:.0f} ms) at most, and within the "
        f"budget. Targets missed are bold.\n\n{markdown(header, rows)}"
    )


def slowed(video: Path, seconds: float) -> list[Cell]:
    """One run: 5 s as it is, slow for so long, 10 s as it was."""
    settings = {
        "source.uri": str(video), "infer.runtime": "bench-slower", "infer.threads": 1, "preprocess.skip": False,
        "sink": {"kind": "bench-latency"},
    }  # fmt: skip
    graph = Graph.from_toml("live_overlay", settings, lambda spec: with_budget(spec, fps=FPS, latency=LATENCY))
    Slower.times = 1
    with graph:
        graph.start()
        while not graph.statistics().frames["rendered"]:
            time.sleep(0.01)
        time.sleep(WARM + 5)
        Slower.times, begin = SLOWER, time.monotonic()
        time.sleep(seconds)
        picked, lag = graph.nodes[BUDGET].counters()["picked"], graph.nodes[NODE].counters()["mean_lag"]
        Slower.times, end = 1, time.monotonic()
        own = float("nan")
        while time.monotonic() < end + 10:
            if np.isnan(own) and "own masks" in str(graph.nodes[BUDGET].counters()["picked"]):
                own = time.monotonic() - end
            time.sleep(0.02)
    sink = graph.nodes["sink"]
    assert isinstance(sink, Latency)
    at, late = np.array(sink.arrivals), np.array(sink.latencies)
    before, during, after = (
        _of(at, late, *span) for span in ((begin - 5, begin), (begin + 1, end), (end + BACK, end + 10))
    )
    back = back_after(at, late, end, min(LATENCY, before[1] + 1e3 / FPS))
    return [
        Cell(f"{before[0]:.1f}"), Cell(f"{before[1]:.0f}"),
        Cell(f"{during[0]:.1f}", during[0] >= SHOWN * before[0]), Cell(f"{during[1]:.0f}", during[1] <= LATENCY),
        Cell(f"{lag}"), Cell(f"{after[1]:.0f}"), Cell(f"{back:.2f}", back <= BACK), Cell(f"{own:.1f}"), Cell(str(picked)),
    ]  # fmt: skip


def back_after(at: Any, late: Any, end: float, limit: float) -> float:
    """Seconds from ``end`` on until the latency is ``limit`` ms at most and stays there for GLANCE; infinity where frames
    no longer come."""
    for start in np.arange(end, end + 9, 0.05):
        inside = late[(at >= start) & (at < start + GLANCE)]
        if len(inside) >= GLANCE * FPS / 2 and np.percentile(inside, 95) <= limit:
            return float(start - end)
    return float("inf")


def _of(at: Any, late: Any, begin: float, end: float) -> tuple[float, float]:
    """Frames a second and the p95 of the latency of a span."""
    inside = (at >= begin) & (at < end)
    return float(inside.sum() / (end - begin)), float(np.percentile(late[inside], 95)) if inside.any() else float("inf")


if __name__ == "__main__":
    sys.exit(main())
