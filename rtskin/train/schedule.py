"""The learning rate as a function of the step."""

from __future__ import annotations

import math

from rtskin.train.recipe import Schedule


def factor(step: int, total: int | None, spec: Schedule) -> float:
    """What the rate is multiplied with at ``step`` (from 0) of ``total``: linear warm-up, then half a cosine.

    ``total`` may be None during the warm-up, which does not depend on it.
    """
    if total is None:
        return min(1.0, (step + 1) / max(1, spec.warmup))
    warmup = min(spec.warmup, total // 5)
    if step < warmup:
        return (step + 1) / warmup
    done = (step - warmup) / max(1, total - warmup)
    return spec.last + (1 - spec.last) * 0.5 * (1 + math.cos(math.pi * min(1.0, done)))
