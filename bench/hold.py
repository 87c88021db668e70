"""Does a render hold more and more memory: what all its processes hold, from beginning to end.

``python -m bench.hold`` renders an hour of 3840×2160 at one frame a second, which it makes first; ``python -m bench.hold
CLIP -- OPTIONS`` renders a clip, with options of the verb. Looks ten times a second at what the process and those that it
started hold (Linux: /proc); the last tenth of each pass may hold GROWTH more than its second tenth, on average. Writes its
table into bench/README.md; exits with 1 where it grows.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from statistics import mean
from tempfile import TemporaryDirectory

from bench.report import Cell, machine, markdown, publish

#: MB that may be more at the end of a pass.
GROWTH = 64.0
#: Looks a second.
_LOOKS = 10


class Watched:
    """A render with ``--json``: stage, frames done, MB held, look by look."""

    def __init__(self, words: list[str]) -> None:
        self.looks: list[tuple[str, int, float]] = []
        self._now = ("", 0)
        self._process = subprocess.Popen(words, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def run(self) -> None:
        """To its end; exits where it fails."""
        errors: list[str] = []
        readers = [threading.Thread(target=self._read), threading.Thread(target=self._listen, args=(errors,))]
        for reader in readers:
            reader.start()
        while self._process.poll() is None:
            self.looks.append((*self._now, resident(self._process.pid)))
            time.sleep(1 / _LOOKS)
        for reader in readers:
            reader.join()
        if self._process.returncode:
            sys.exit(errors[-1] if errors else f"the render ended with {self._process.returncode}")

    def _read(self) -> None:
        for line in self._process.stdout or ():
            said = json.loads(line)
            self._now = (said["stage"], int(said["frames"]))

    def _listen(self, errors: list[str]) -> None:
        errors.extend(line.strip() for line in self._process.stderr or ())


def resident(pid: int) -> float:
    """MB that a process and all that came from it hold."""
    return sum(_own(one) for one in [pid, *_descendants(pid)])


def _own(pid: int) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except (OSError, IndexError):
        return 0.0  # it has ended
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        try:
            children = [int(word) for word in task.read_text().split()]
        except OSError:
            continue
        found += [one for child in children for one in (child, *_descendants(child))]
    return found


def tenths(looks: list[tuple[str, int, float]], stage: str) -> list[float]:
    """Mean MB in each tenth of a pass; none where it was over too soon to tell."""
    held = [held for name, _, held in looks if name == stage]
    return [mean(held[len(held) * n // 10 : len(held) * (n + 1) // 10]) for n in range(10)] if len(held) >= 10 else []


def row(stage: str, parts: list[float]) -> list[object]:
    """In the first tenth a pass fills its queues."""
    more = parts[-1] - parts[1]
    cells = [f"{parts[place]:.0f}" for place in (0, 1, 4, 9)]
    return [stage, *cells, Cell(f"{more:+.0f}", more <= GROWTH)]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clip", type=Path, nargs="?")
    words = sys.argv[1:]
    own = words.index("--") if "--" in words else len(words)
    clip, options = parser.parse_args(words[:own]).clip, words[own + 1 :] or ["--model", "ellipse"]
    with TemporaryDirectory(prefix="rtskin-hold-") as folder:
        if clip is None:
            from tests.matrix import hour

            clip = hour(Path(folder))
        out = Path(folder) / "matte.mkv"
        watched = Watched([sys.executable, "-m", "rtskin", "render", str(clip), str(out), "--json", *options])
        watched.run()
    rows = [row(stage, parts) for stage in ("masks", "output") if (parts := tenths(watched.looks, stage))]
    if not rows:
        sys.exit("the render was over too soon to tell; take a longer clip")
    header = ["pass", "MB in the first tenth", "second", "fifth", "last", f"more than in the second, ≤ {GROWTH:g}"]
    publish(
        "hold",
        f"## Memory of a render\n\n{machine()}. `python -m bench.hold`: {clip.name}, {' '.join(options)}; resident memory "
        f"of all processes, mean over a tenth of the time of a pass. Targets missed are bold.\n\n{markdown(header, rows)}",
    )
    return 0 if all(cells[-1].met is not False for cells in rows) else 1  # type: ignore[attr-defined]


if __name__ == "__main__":
    sys.exit(main())
