"""What each runtime that is installed makes of each network; published in bench/README.md.

``python -m bench.runtimes``: the ways of ``rtskin bench``, torch as it is usually written ("eager") among them, one thread
each, every way in a process of its own, all ways of one network in turn.
"""

from __future__ import annotations

import argparse
import sys

from bench.report import Cell, machine, markdown, publish
from rtskin.infer.cards import list_models, load_card
from rtskin.infer.measure.bench import bench, default_ways
from rtskin.infer.measure.race import Limits
from rtskin.infer.measure.ways import Measured, parse_way
from rtskin.infer.runtimes.machine import versions

EAGER = "torch:mode=eager"
#: How much faster than torch, as it is usually written, the best runtime has to be.
AIM = 3.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("models", nargs="*", metavar="MODEL", help="all networks by default")
    parser.add_argument("--size", default="416x224", help="of the networks' input")
    parser.add_argument("--seconds", type=float, default=10.0, help="of measuring each network (10)")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    cards = [load_card(name) for name in chosen.models] or [card for card in list_models() if card.weights is not None]
    eager = parse_way(EAGER, "cpu", 1)
    found = bench(
        cards,
        lambda card: [eager, *default_ways(card, "cpu", 1)],
        [chosen.size],
        Limits(seconds=chosen.seconds),
        lambda text: print(text, file=sys.stderr),
    )
    used = ", ".join(f"{name} {version}" for name, version in versions().items())
    size = chosen.size.replace("x", "×")
    text = (
        f"## Runtimes\n\n{machine()}; {used}. `python -m bench.runtimes`: networks alone at {size}, one thread, each way in "
        f"a process of its own, all ways of one network in turn for {chosen.seconds:g} s. Load is from a new process "
        f"(Python and numpy there) to the network loaded, MB the most memory that it held. The best runtime is to be at "
        f"least {AIM:g} times as fast as {EAGER}.\n\n{_table(found)}"
    )
    print(text) if chosen.no_publish else publish("runtimes", text)
    return 0


def _table(found: list[Measured]) -> str:
    header = ["network", "runtime", "p50, ms", "p95, ms", "× torch eager", "load, s", "first run, ms", "MB"]
    rows: list[list[object]] = []
    for one in found:
        if one.error is not None:
            rows.append([one.model, one.way, one.error, *["–"] * 5])
            continue
        ran = [other for other in found if other.model == one.model and other.error is None]
        slow = next((other.p50 for other in ran if str(other.way) == EAGER), None)
        best = min(ran, key=lambda other: other.p50) is one
        times: object = "–" if slow is None else f"{slow / one.p50:.2f}"
        if slow is not None and best:
            times = Cell(f"{slow / one.p50:.2f}", slow / one.p50 >= AIM)
        figures = (
            f"{one.p50:.2f}",
            f"{one.p95:.2f}",
            times,
            f"{one.load_s:.2f}",
            f"{one.first_ms:.1f}",
            f"{one.peak_mb:.0f}",
        )
        rows.append([one.model, one.way, *figures])
    return markdown(header, rows)


if __name__ == "__main__":
    sys.exit(main())
