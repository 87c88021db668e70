"""How long does a start take: ``rtskin live`` from the command to the first picture with a mask.

``python -m bench.start --write`` puts the table into bench/README.md; with ``--against TREE``, another checkout of rtskin in
turn with this one. The first start is one with an empty cache of compiled kernels, as after an installation; the next one
finds them. Files are in the system's cache at all of them.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path

from bench.report import Cell, machine, markdown, publish

HERE = Path(__file__).resolve().parents[1]
SOURCE = "pattern:1280x720@30"
#: Seconds, of the first start and of the next; and until a start has failed.
TARGETS = {"first": 10.0, "next": 1.5}
PATIENCE = 120.0
_LOOK = 0.005


def first_picture(tree: Path, cache: Path | None) -> float:
    """Seconds from the command to its first picture, with the checkout ``tree`` and its kernels in the folder ``cache``,
    or where they are kept anyway."""
    with tempfile.TemporaryDirectory() as folder:
        picture = Path(folder) / "out.000000.png"
        command = [sys.executable, "-m", "rtskin", "live", SOURCE, "--sink", f"{folder}/out.%06d.png"]
        env = {**os.environ, **({"NUMBA_CACHE_DIR": str(cache)} if cache else {}), "PYTHONPATH": str(tree)}
        begun = time.monotonic()
        process = subprocess.Popen(
            command, cwd=tree, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        try:
            while not picture.exists():
                if process.poll() is not None or time.monotonic() - begun > PATIENCE:
                    process.kill()
                    raise SystemExit(f"there was no picture: {process.communicate()[1].strip()[-300:]}")
                time.sleep(_LOOK)
            return time.monotonic() - begun
        finally:
            process.terminate()
            process.wait()


def measure(trees: Sequence[Path], rounds: int) -> dict[tuple[Path, str], list[float]]:
    """Seconds of each tree's first and next start, the trees in turn."""
    found: dict[tuple[Path, str], list[float]] = {}
    for _ in range(rounds):
        for tree in trees:
            with tempfile.TemporaryDirectory() as cache:
                for which in TARGETS:
                    found.setdefault((tree, which), []).append(first_picture(tree, Path(cache)))
    return found


def table(found: dict[tuple[Path, str], list[float]]) -> str:
    rows = []
    for (tree, which), seconds in found.items():
        median, target = statistics.median(seconds), TARGETS[which]
        name = which if tree == HERE else f"{which}, before"
        met = median <= target if tree == HERE else None
        rows.append([name, Cell(f"{median:.1f}", met), f"{min(seconds):.1f} … {max(seconds):.1f}", f"{target:g}"])
    return markdown(["start", "seconds, median", "least … most", "at most"], rows)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--against", type=Path, help="another checkout of rtskin, measured in turn with this one")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="put the table into bench/README.md")
    given = parser.parse_args()
    trees = [tree.resolve() for tree in ([given.against] if given.against else [])] + [HERE]
    first_picture(HERE, Path(tempfile.gettempdir()) / "rtskin-bench-start")  # files into the system's cache
    against = " --against TREE" if given.against else ""
    rows = table(measure(trees, given.rounds))
    text = (
        f"## Starts\n\n{machine()}. `python -m bench.start{against} --rounds {given.rounds}`: `rtskin live {SOURCE}` from "
        f"the command to its first picture with a mask, {given.rounds} rounds. First: nothing is compiled yet, as after an "
        f"installation. A bold figure misses its target.\n\n{rows}"
    )
    if given.write:
        publish("start", text)
    else:
        print(text)


if __name__ == "__main__":
    main()
