"""The strength at which one smoother trails as much as another does: the fair place to compare their steadiness."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

#: Relative difference of trails that counts as equal, and how many strengths are tried at most: each is a run of all clips.
TOLERANCE, TRIES = 0.02, 8


@dataclass(frozen=True)
class Tuned:
    """strength 0 … 1, the trail there, and what must be said where the wanted trail could not be had."""

    strength: float
    trail: float
    remark: str = ""


def same_trail(trail: Callable[[float], float], wanted: float, tolerance: float = TOLERANCE) -> Tuned:
    """Find the strength whose ``trail(strength)``, which grows with it, is ``wanted``: by the rule of false position with
    halving (Illinois), so that few runs are enough."""
    low, high = 0.0, 1.0
    at_low, at_high = trail(low) - wanted, trail(high) - wanted
    close = tolerance * abs(wanted)
    if at_low >= -close:
        return Tuned(low, at_low + wanted, "" if at_low <= close else " (even at strength 0)")
    if at_high <= close:
        return Tuned(high, at_high + wanted, "" if at_high >= -close else " (even at strength 1)")
    best = Tuned(low, at_low + wanted)
    for _ in range(TRIES):
        middle = (low * at_high - high * at_low) / (at_high - at_low)
        miss = trail(middle) - wanted
        if abs(miss) < abs(best.trail - wanted):
            best = Tuned(middle, miss + wanted)
        if abs(miss) <= close:
            return best
        # Where one end stays, its weight is halved, or it would stay for ever beside a bend.
        if miss > 0:
            high, at_high, at_low = middle, miss, at_low / 2
        else:
            low, at_low, at_high = middle, miss, at_high / 2
    return Tuned(best.strength, best.trail, f" (the nearest of {TRIES} tried)")
