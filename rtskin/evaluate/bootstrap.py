"""Intervals by the bootstrap: pictures are drawn again and again, with replacement, and the metric is computed each time.

Percentile intervals (Efron and Tibshirani, An Introduction to the Bootstrap, 1993, ch. 13). Two models are compared on the
same draws, so that what makes a picture hard for both cancels out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from rtskin.evaluate.metrics import Ratio

#: Enough for the second digit of an interval; the whole takes well under a second for a thousand pictures.
DRAWS = 2000
#: Draws computed together: bounds the memory to some megabytes for thousands of pictures.
_AT_ONCE = 200


@dataclass(frozen=True)
class Figure:
    """A value with its 95 % interval."""

    value: float
    low: float
    high: float


def interval(ratio: Ratio, seed: int = 0, draws: int = DRAWS) -> Figure | None:
    """The metric and how far it may be off by the choice of pictures; None where no picture says anything."""
    value = ratio.value()
    return None if value is None else _figure(value, _resampled([ratio], seed, draws)[0])


def difference(one: Ratio, other: Ratio, seed: int = 0, draws: int = DRAWS) -> Figure | None:
    """``one`` minus ``other`` on the same pictures, paired. The two must list the same pictures in the same order."""
    if len(one.over) != len(other.over):
        raise ValueError(f"{len(one.over)} pictures against {len(other.over)}: a paired difference needs the same ones")
    first, second = one.value(), other.value()
    if first is None or second is None:
        return None
    a, b = _resampled([one, other], seed, draws)
    return _figure(first - second, a - b)


def gap(groups: Sequence[Ratio], seed: int = 0, draws: int = DRAWS) -> Figure | None:
    """The best group's value minus the worst's; None with fewer than two groups that say anything.

    Pictures are drawn within each group, and each draw has its own best and worst: chance alone makes a gap, so the interval
    leans to gaps that are too large, the more so the fewer pictures there are. It never says too little.
    """
    groups = [group for group in groups if group.value() is not None]
    if len(groups) < 2:
        return None
    values = [group.value() or 0.0 for group in groups]
    drawn = np.array([_resampled([group], [seed, number], draws)[0] for number, group in enumerate(groups)])
    return _figure(max(values) - min(values), drawn.max(axis=0) - drawn.min(axis=0))


def _figure(value: float, samples: npt.NDArray[Any]) -> Figure:
    # A draw may hold no picture that says anything (all without skin): it says nothing about the spread either.
    samples = samples[np.isfinite(samples)]
    low, high = np.quantile(samples, [0.025, 0.975]) if samples.size else (value, value)
    return Figure(value, float(low), float(high))


def _resampled(ratios: list[Ratio], seed: int | list[int], draws: int) -> list[npt.NDArray[Any]]:
    """The metrics of every draw; each draw is the same for all of them."""
    random, size = np.random.default_rng(seed), len(ratios[0].over)
    results: list[list[npt.NDArray[Any]]] = [[] for _ in ratios]
    for begin in range(0, draws, _AT_ONCE):
        times = random.multinomial(size, np.full(size, 1 / size), min(_AT_ONCE, draws - begin)).astype(np.float64)
        for result, ratio in zip(results, ratios, strict=True):
            over, under = times @ ratio.over, times @ ratio.under
            result.append(np.divide(over, under, out=np.full_like(over, np.nan), where=under > 0))
    return [np.concatenate(result) for result in results]
