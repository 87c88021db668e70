"""How often faces and hands of real clips change their ids; published in bench/README.md.

``python -m bench.switches ../shared/data/videos``: ``rtskin roi`` on the clips that are kept for measuring, against boxes
that were labelled by hand (bench/data/labels.csv; what is neither is only counted). Which box is of the
same thing as one before: the face is one; a hand is the one that was nearest when it was last labelled, and they are
told apart by sides at first. A switch: a thing that is found under another id than when it was last found. What is held is
not found: its box is a guess.
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

from bench.boxes import best
from bench.labels import Known, read_truth
from bench.report import Cell, machine, markdown, publish
from rtskin.frame import Box

#: Switches that a clip may have.
MOST = 1
#: A region as a message has it.
Roi = dict[str, Any]


@dataclass
class Thing:
    """A face or a hand. id: under which it was found last."""

    label: str
    box: Box
    id: int | None = None


@dataclass
class Counted:
    """boxes: of faces and hands in the table; found: those with a region of theirs; held: those with the box of something
    that was not seen in that frame. right: those that were found with their label. others, told: boxes of what is neither
    face nor hand, and those of which there was a region."""

    boxes: int = 0
    found: int = 0
    held: int = 0
    switches: int = 0
    right: int = 0
    others: int = 0
    told: int = 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path, help="with the clips")
    parser.add_argument("--no-publish", action="store_true", help="only print")
    chosen = parser.parse_args()
    counted = {}
    for clip, rows in read_truth().items():
        (path,) = chosen.folder.glob(f"{clip}.*")
        counted[clip] = count(rows, messages(path, max(row.frame for row in rows)))
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
    counted, things = Counted(), list[Thing]()
    by_frame = {message["seq"]: message["rois"] for message in said}
    for frame in sorted({row.frame for row in rows}):
        now = [row for row in rows if row.frame == frame]
        rois = by_frame.get(frame, [])
        _count_ids(counted, [row for row in now if row.label != "other"], things, rois)
        others = [row for row in now if row.label == "other"]
        counted.others += len(others)
        counted.told += sum(_same(row.box, rois, "tracked") is not None for row in others)
    return counted


def _count_ids(counted: Counted, rows: list[Known], things: list[Thing], rois: list[Roi]) -> None:
    for row, thing in assigned(rows, things):
        thing.box = row.box
        counted.boxes += 1
        found = _same(row.box, rois, "tracked")
        if found is None:
            counted.held += _same(row.box, rois, "held") is not None
            continue
        counted.found += 1
        counted.right += found["label"] == row.label
        counted.switches += thing.id not in (None, found["id"])
        thing.id = found["id"]


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


def _same(box: Box, rois: list[Roi], state: str) -> Roi | None:
    """The region that covers most of the same, of those of a state; None where none shares SAME of what both cover."""
    those = [roi for roi in rois if roi["state"] == state]
    index = best(box, [roi["box"] for roi in those])
    return None if index is None else those[index]


def _middle(box: Box) -> tuple[float, float]:
    return box[0] + box[2] / 2, box[1] + box[3] / 2


def _report(counted: dict[str, Counted]) -> str:
    rows = [
        [clip, one.boxes, one.found, one.held, one.right, Cell(str(one.switches), one.switches <= MOST)]
        for clip, one in counted.items()
    ]
    others, told = (sum(getattr(one, name) for one in counted.values()) for name in ("others", "told"))
    heads = ["clip", "boxes of faces and hands", "found", "held", "found with their label", "switches"]
    return (
        f"## Ids of faces and hands in real clips\n\n{machine()}. `python -m bench.switches`: `rtskin roi` against boxes "
        f"that were labelled by hand, every fourth or eighth frame; found: a region of theirs that is seen in this frame "
        f"shares half of what both cover; held: one that is not seen does. At most {MOST} switch a clip was to be reached; "
        f"more is bold. Of {others} boxes of what is neither face nor hand, {told} were told of.\n\n{markdown(heads, rows)}"
    )


if __name__ == "__main__":
    sys.exit(main())
