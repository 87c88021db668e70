"""How old a message is when another program has read it, by transport; and what a stalled reader costs the others.

``python -m bench.feed``: the pipeline of ``rtskin roi`` on a video at its own pace, with one transport at a time in
interleaved rounds, then with all at once; each is read (and parsed) by a program of its own. ``--stalled SECONDS``: made
regions at 30 frames a second to two readers of each kind, of which one is stopped. ``--write`` puts the tables into
bench/README.md. Exits with 1 where a target is missed.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import timeit
from collections import defaultdict
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from bench import feed_ways
from bench.feed_made import regions
from bench.feed_stalled import stalled
from bench.load import Others
from bench.loops import WARM
from bench.pipeline import make
from bench.report import Cell, machine, markdown, publish
from rtskin.cli.session import opencv_alone
from rtskin.frame import Regions
from rtskin.graph import Graph
from rtskin.node import Context
from rtskin.registry import NODES
from rtskin.roi.feed import Feed
from rtskin.roi.message import Message
from rtskin.roi.record import Recorder, Sent, sent

VIDEO = Path(__file__).resolve().parents[2] / "shared/data/videos/sam2_04_coffee.mp4"
#: Milliseconds that a message may be older than what the network takes, at the 95th percentile: when it is made, and when
#: another program has read it.
MADE_MS, READ_MS = 8.0, 11.0
#: The row of the message before any transport, and that of a run with all of them.
NODE, TOGETHER = "message made", "all at once"


@NODES.register("bench-feed")
class NotingFeed(Feed):
    """A feed that knows when each frame was captured, and when its message was made."""

    def open(self, context: Context) -> None:
        self.captured: dict[int, int] = {}
        self.made: dict[int, int] = {}
        super().open(context)

    def _message(self, regions: Regions) -> Sent:
        message = super()._message(regions)
        self.captured[regions.frame.seq] = regions.frame.captured_ns
        self.made[regions.frame.seq] = time.monotonic_ns()
        return message


@dataclass
class Found:
    """ages: ms from capture. over: those, less the p95 of the run's own inference. way: ms from the making of the message.
    lost: messages that did not arrive."""

    ages: list[float] = field(default_factory=list)
    over: list[float] = field(default_factory=list)
    way: list[float] = field(default_factory=list)
    messages: int = 0
    lost: int = 0

    def add(self, feed: NotingFeed, arrived: dict[int, int], inference: float) -> None:
        kept = {seq: at for seq, at in feed.captured.items() if seq >= WARM}
        ages = [(arrived[seq] - at) / 1e6 for seq, at in kept.items() if seq in arrived]
        self.way += [(arrived[seq] - feed.made[seq]) / 1e6 for seq in kept if seq in arrived]
        self.ages += ages
        self.over += [age - inference for age in ages]
        self.messages += len(kept)
        self.lost += len(kept) - len(ages)


#: By the row's name, by whether all transports ran at once.
Table = dict[tuple[str, bool], Found]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--video", type=Path, default=VIDEO, help="a made one where it is absent")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=8.0, help="of each run")
    parser.add_argument("--smooth", default="auto")
    parser.add_argument("--kinds", default=",".join(feed_ways.available()))
    parser.add_argument("--stalled", type=float, metavar="SECONDS", help="the other question; a minute is usual")
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    chosen = parser.parse_args()
    kinds = chosen.kinds.split(",")
    if chosen.stalled is not None:
        name, (text, missed) = "feed-stalled", stalled(kinds, chosen.stalled)
    else:
        name, (text, missed) = "feed", latency(kinds, chosen)
    publish(name, text) if chosen.write else print(text)
    return 1 if missed else 0


def latency(kinds: Sequence[str], chosen: argparse.Namespace) -> tuple[str, bool]:
    """The section, and whether a target is missed."""
    table: Table = defaultdict(Found)
    inference: list[float] = []
    with tempfile.TemporaryDirectory(prefix="bench-feed-") as name, opencv_alone():
        folder, others = Path(name), Others()
        video = chosen.video if chosen.video.exists() else make(folder / "pattern.mp4")
        for number in range(chosen.rounds):
            alone = [[kind] for kind in (kinds if number % 2 == 0 else list(reversed(kinds)))]
            for some in [*alone, list(kinds)]:
                inference.append(run(video, some, chosen, folder, table))
                print(some, f"inference p95 {inference[-1]:.1f}", file=sys.stderr, flush=True)
        rows = [row(table, kind) for kind in (NODE, *kinds)]
        said = section(rows, video, chosen, float(np.median(inference)), others.share())
    return said, any(cell.met is False for one in rows for cell in one)


def run(video: Path, kinds: Sequence[str], chosen: argparse.Namespace, folder: Path, table: Table) -> float:
    """One run with these transports; the p95 of its inference."""
    with ExitStack() as stack:
        ways = [feed_ways.start(kind, folder, stack) for kind in kinds]
        settings = {
            "source.uri": str(video),
            "source.pace": "source",
            "smooth.method": chosen.smooth,
            "preprocess.skip": False,  # a picture that stands still would be had for nothing
            "feed": {"kind": "bench-feed", "out": [way.out for way in ways]},
        }
        graph = Graph.from_toml("gesture_roi", settings)
        statistics = graph.run(chosen.seconds)
        time.sleep(0.3)  # the readers print
        feed = graph.nodes["feed"]
        assert isinstance(feed, NotingFeed)
        infer = statistics.nodes["infer"].p95_ms or 0.0
        together = len(kinds) > 1
        table[NODE, together].add(feed, feed.made, infer)
        for way in ways:
            table[way.kind, together].add(feed, way.arrivals(), infer)
    return infer


def row(table: Table, kind: str) -> list[Cell]:
    """Name; alone: p50, p95, p95 less inference, p50 and p95 since the message was made, lost; at once: the same."""
    limit = MADE_MS if kind == NODE else READ_MS
    cells = [Cell(kind if kind == NODE else f"read from {kind}")]
    for together in (False, True):
        found = table[kind, together]
        if not found.ages:
            cells += [Cell("–")] * 5
            continue
        over = float(np.percentile(found.over, 95))
        cells += [Cell(f"{np.percentile(found.ages, percent):.1f}") for percent in (50, 95)]
        cells += [Cell(f"{over:+.1f}", over <= limit), _way(found, kind), Cell(f"{found.lost} of {found.messages}")]
    return cells


def _way(found: Found, kind: str) -> Cell:
    if kind == NODE:
        return Cell("–")
    p50, p95 = np.percentile(found.way, (50, 95))
    return Cell(f"{p50:.1f}, {p95:.1f}", bool(p95 <= READ_MS - MADE_MS))


def section(rows: list[list[Cell]], video: Path, chosen: argparse.Namespace, inference: float, share: float) -> str:
    """For bench/README.md."""
    figures = ("p50", "p95", "over", "way", "lost")
    header = ["", *(f"{when}: {figure}" for when in ("alone", "all at once") for figure in figures)]
    record, models, size = costs()
    return (
        f"## The feed: capture to message\n\n{machine()}. `python -m bench.feed --rounds {chosen.rounds} --seconds "
        f"{chosen.seconds:g} --smooth {chosen.smooth}`: {video.name} at its own pace through the pipeline of `rtskin roi`; "
        "ms from the capture to the making of the message, and until a program of its own has read and parsed it. Over: its "
        f"95th percentile less that of the network in the same run ({inference:.1f} ms in the median run), at most "
        f"{MADE_MS:g} and {READ_MS:g}. Way: from the making to the reading, p50 and p95, at most "
        f"{READ_MS - MADE_MS:g}. Targets missed are bold. Other programs, the readers among them, took {share:.0%} of "
        f"the machine meanwhile.\n\n{markdown(header, rows)}\n\n"
        f"Making the message of five regions with outlines of 60 points ({size / 1000:.1f} kB): {record:.2f} ms; by filling "
        f"the pydantic models and serialising these, {models:.2f} ms."
    )


def costs() -> tuple[float, float, int]:
    """ms for a message of five regions as it is made, by the models, and its bytes."""
    record = Recorder()
    some = regions(0, 5, 60)

    def by_models() -> str:
        return Message.model_validate(record(some)).model_dump_json()

    def best(function: object) -> float:
        return min(timeit.repeat(function, number=50, repeat=7)) / 50 * 1e3  # type: ignore[arg-type]

    return best(lambda: sent(record(some))), best(by_models), len(sent(record(some)).json)


if __name__ == "__main__":
    sys.exit(main())
