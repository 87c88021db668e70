"""What a stalled reader of each kind costs the others: messages and memory."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path

from bench import feed_ways
from bench.feed_made import regions
from bench.feed_ways import Way
from bench.report import Cell, machine, markdown
from rtskin.node import Context, Source
from rtskin.roi.feed import Feed

#: A camera with five regions in its picture.
RATE, REGIONS, POINTS = 30, 5, 40
#: Share of the time at which memory is looked at first; by then what is bounded is full. MB that it may grow after that.
FIRST, FLAT = 0.3, 4.0


class Live(Source):
    """A source that does not wait."""

    live = True


def stalled(kinds: Sequence[str], seconds: float) -> tuple[str, bool]:
    """The section, and whether a target is missed."""
    with tempfile.TemporaryDirectory(prefix="bench-feed-") as name, ExitStack() as stack:
        folder = Path(name)
        reading = [feed_ways.start(kind, folder, stack) for kind in kinds]
        resting = [feed_ways.start(kind, folder, stack) for kind in kinds]
        out = folder / "feed.jsonl"
        feed = Feed(out=[way.out for way in (*resting, *reading)] + [str(out)])
        feed.bind({"source": Live()})
        feed.open(Context())
        try:
            first = _meet(feed, reading, resting)
            for way in resting:
                way.stall()
            last, memory = _run(feed, first, seconds)
            feed.finish()
        finally:
            feed.close()
        time.sleep(0.5)  # the readers print
        counted = feed.counters()
        wanted = set(range(first, last))
        rows = [_row(one, other, wanted, counted) for one, other in zip(reading, resting, strict=True)]
        written = {int(line.split(":")[2].split(",")[0]) for line in out.read_text().splitlines()}
        rows.append([Cell("file"), Cell(str(len(wanted))), _lost(wanted, written), Cell("–")])
    grown = Cell(f"{memory[-1] - memory[1]:+.1f} MB", memory[-1] - memory[1] <= FLAT)
    missed = any(cell.met is False for row in rows for cell in row) or grown.met is False
    return _section(rows, seconds, memory, grown), missed


def _meet(feed: Feed, reading: Sequence[Way], resting: Sequence[Way]) -> int:
    """Messages until every reader has one; the seq of the next."""
    seq = 0
    while not all(way.arrivals() for way in (*reading, *resting)):
        feed.process(regions(seq, REGIONS, POINTS))
        seq += 1
        time.sleep(1 / RATE)
        if seq > 60 * RATE:
            raise RuntimeError("not every reader gets messages")
    return seq


def _run(feed: Feed, first: int, seconds: float) -> tuple[int, list[float]]:
    """At the camera's pace; the seq after the last, and memory at the beginning, when all is full, half-way, at the end."""
    due, count = time.monotonic(), round(seconds * RATE)
    looks = [0, round(count * FIRST), count // 2, count - 1]
    memory = []
    for number in range(count):
        feed.process(regions(first + number, REGIONS, POINTS))
        if number in looks:
            memory.append(_resident())
        due = max(due + 1 / RATE, time.monotonic())  # a camera does not make up for what it missed
        time.sleep(max(0.0, due - time.monotonic()))
    return first + count, memory


def _resident() -> float:
    """MB of this process."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def _row(reading: Way, resting: Way, wanted: set[int], counted: dict[str, int | float | str]) -> list[Cell]:
    dropped = "not known" if resting.kind in ("udp", "osc", "zmq") else str(counted[f"{resting.out} dropped"])
    return [Cell(reading.kind), Cell(str(len(wanted))), _lost(wanted, set(reading.arrivals())), Cell(dropped)]


def _lost(wanted: set[int], got: set[int]) -> Cell:
    lost = len(wanted - got)
    return Cell(str(lost), lost == 0)


def _section(rows: list[list[Cell]], seconds: float, memory: Sequence[float], grown: Cell) -> str:
    header = ["transport", "messages", "lost by the reader beside it", "dropped for the stalled one"]
    at = ", ".join(f"{one:.1f}" for one in memory)
    return (
        f"## The feed: stalled readers\n\n{machine()}. `python -m bench.feed --stalled {seconds:g}`: {REGIONS} made regions "
        f"at {RATE} frames a second to two readers of each kind, of which one is stopped (of MQTT, its broker) for the "
        f"whole {seconds:g} s. Datagrams and ZeroMQ do not say what a reader missed. Memory of the process at the "
        f"beginning, after {FIRST:.0%}, half-way and at the end: {at} MB; {grown} from {FIRST:.0%} on, at most {FLAT:g}.\n\n"
        f"{markdown(header, rows)}"
    )
