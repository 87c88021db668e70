"""Boxes against boxes: which of what was found is what is known to be there."""

from __future__ import annotations

from collections.abc import Sequence

from rtskin.frame import Box

#: Boxes that share so much of what both cover are of one region.
SAME = 0.5


def overlap(one: Box, other: Box) -> float:
    """Intersection over union, 0 … 1."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    both = max(0.0, across) * max(0.0, down)
    return both / (one[2] * one[3] + other[2] * other[3] - both)


def best(box: Box, others: Sequence[Box], least: float = SAME) -> int | None:
    """Which of the others shares most with it, the first of several alike; None where none shares ``least``."""
    shares = [overlap(box, other) for other in others]
    most = max(range(len(shares)), key=shares.__getitem__, default=None)
    return most if most is not None and shares[most] >= least else None
