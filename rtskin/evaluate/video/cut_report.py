"""What was counted of a cut detector, as a table and for JSON."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from rtskin.evaluate.layout import NOTHING, Table

CUTS_NOTE = (
    "Cuts: generated shots, H.264 at 640 × 352, the truth exact. Found: on the very frame. A reset that is no cut is false, "
    "and is listed by what was going on."
)


@dataclass(frozen=True)
class CutFigures:
    """cuts, found: how many there are, and were found on their frame. events: how many of each kind that is no cut
    (frames of waving for "wave", frames on which nothing happens for "nothing"). resets: false ones by that kind."""

    frames: int
    cuts: int
    found: int
    events: Mapping[str, int]
    resets: Mapping[str, int]

    @property
    def false(self) -> int:
        return sum(self.resets.values())

    @property
    def precision(self) -> float | None:
        """Share of the resets that are cuts; None where there was no reset."""
        return self.found / (self.found + self.false) if self.found + self.false else None

    @property
    def recall(self) -> float | None:
        """Share of the cuts that were found; None where there was none."""
        return self.found / self.cuts if self.cuts else None


def cuts_data(figures: CutFigures) -> dict[str, Any]:
    """For JSON."""
    return {
        "frames": figures.frames,
        "cuts": figures.cuts,
        "found": figures.found,
        "precision": figures.precision,
        "recall": figures.recall,
        "events": dict(figures.events),
        "resets": dict(figures.resets),
    }


def cuts_table(figures: CutFigures) -> Table:
    """One row."""
    kinds = list(figures.events)
    headings = ["what", "frames", "cuts", "found", "precision", "recall", *(f"false / {kind}" for kind in kinds)]
    cells = [f"{figures.resets.get(kind, 0)} / {figures.events[kind]}" for kind in kinds]
    shares = [NOTHING if share is None else f"{share:.4f}" for share in (figures.precision, figures.recall)]
    return headings, [["cut detector", str(figures.frames), str(figures.cuts), str(figures.found), *shares, *cells]]
