"""How often faces and hands of real clips change their ids; published in bench/README.md.

``python -m bench.switches ../shared/data/videos``: ``rtskin roi`` on the clips that are kept for measuring, against boxes
that were labelled by hand (bench/data/labels.csv; regions that are neither face nor hand are left out). Which box is of the
same thing as one before: the face is one; a hand is the one that was nearest when it was last labelled, and they are
told apart by sides at first. A switch: a thing that is found under another id than when it was last found.
"""

from __future__ import annotations

import argparse
import json
import math
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from bench.labels import SAME, Known, read_truth
from bench.report import Cell, machine, markdown, publish
from rtskin.frame import Box

#: Switches that a clip may have.
MOST = 1


@dataclass
class Thing:
    """A face or a hand. id: under which it was found last."""

    label: str
    box: Box
    id: int | None = None


@dataclass
class Counted:
    """boxes: of faces and hands in the table; found: those with a region of theirs."""

    boxes: int = 0
    found: int = 0
    switches: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the clips")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    counted = {}
    for clip, rows in read_truth().items():
        (path,) = chosen.folder.glob(f"{clip}.*")
        counted[clip] = count([row for row in rows if row.label != "other"], messages(path, max(r.frame for r in rows)))
    text = _report(counted)
    print(text) if chosen.no_publish else publish("switches", text)
    return int(any(one.switches > MOST for one in counted.values()))


def messages(path: Path, last: int) -> list[dict[str, Any]]:
    """What ``rtskin roi`` says of each frame up to ``last``."""
    with TemporaryDirectory(prefix="rtskin-switches-") as folder:
        out = Path(folder) / "rois.jsonl"
        words = [sys.executable, "-m", "rtskin", "roi", str(path), "--pace", "max", "--end", f"{last + 1}f"]
        subprocess.run([*words, "--out", str(out)], check=True, capture_output=True)
        return [json.loads(line) for line in out.read_text("utf-8").splitlines()]


def count(rows: list[Known], said: list[dict[str, Any]]) -> Counted:
    """The rows against what was said of their frames."""
    counted, things = Counted(len(rows)), list[Thing]()
    by_frame = {message["seq"]: message["rois"] for message in said}
    for frame in sorted({row.frame for row in rows}):
        now = [row for row in rows if row.frame == frame]
        for row, thing in assigned(now, things):
            thing.box = row.box
            found = _same(row.box, by_frame.get(frame, []))
            if found is None:
                continue
            counted.found += 1
            counted.switches += thing.id not in (None, found)
            thing.id = found
    return counted


def assigned(rows: list[Known], things: list[Thing]) -> list[tuple[Known, Thing]]:
    """Each row with its thing, nearest pairs first; new ones are added to ``things``."""
    pairs = sorted(
        (math.dist(_middle(row.box), _middle(thing.box)), i, j)
        for i, row in enumerate(rows)
        for j, thing in enumerate(things)
        if thing.label == row.label
    )
    chosen: dict[int, int] = {}
    for _, i, j in pairs:
        if i not in chosen and j not in chosen.values():
            chosen[i] = j
    for i, row in enumerate(rows):
        if i not in chosen:
            things.append(Thing(row.label, row.box))
            chosen[i] = len(things) - 1
    return [(row, things[chosen[i]]) for i, row in enumerate(rows)]


def _same(box: Box, rois: list[dict[str, Any]]) -> int | None:
    """The id of the region that covers most of the same, None where none shares SAME of what both cover."""
    shares = {roi["id"]: _share(box, roi["box"]) for roi in rois}
    best = max(shares, key=lambda one: shares[one], default=None)
    return best if best is not None and shares[best] >= SAME else None


def _share(a: Box, b: Box) -> float:
    width = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
    height = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
    both = max(0.0, width) * max(0.0, height)
    return both / (a[2] * a[3] + b[2] * b[3] - both)


def _middle(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def _report(counted: dict[str, Counted]) -> str:
    rows = [
        [clip, one.boxes, one.found, Cell(str(one.switches), one.switches <= MOST)] for clip, one in counted.items()
    ]
    return (
        f"## Ids of faces and hands in real clips\n\n{machine()}. `python -m bench.switches`: `rtskin roi` against boxes "
        f"that were labelled by hand, every fourth or eighth frame; found: a region of theirs shares half of what both "
        f"cover. At most {MOST} switch a clip was to be reached; more is bold.\n\n"
        f"{markdown(['clip', 'boxes of faces and hands', 'found', 'switches'], rows)}"
    )


if __name__ == "__main__":
    sys.exit(main())
