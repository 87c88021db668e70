"""The learning rate as a function of the step, and of how the kept-out pictures do."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rtskin.train.recipe import Schedule


def factor(step: int, total: int | None, spec: Schedule, timed: bool = False) -> float:
    """What the rate is multiplied with at ``step`` (from 0) of ``total``: linear warm-up, then half a cosine.

    The warm-up takes a fifth of a shorter training. ``timed``: the total becomes known only on the way, until when it is
    None. The warm-up has begun without it then and goes on as it began, until it meets the cosine.
    """
    fifth = spec.warmup if total is None else min(spec.warmup, total // 5)
    rising = min(1.0, (step + 1) / max(1, spec.warmup if timed else fifth))
    if total is None or spec.name == "plateau":
        return rising
    done = max(0, step - fifth) / max(1, total - fifth)
    return min(rising, spec.last + (1 - spec.last) * 0.5 * (1 + math.cos(math.pi * min(1.0, done))))


class Patience:
    """Counts validations in a row without a better score (higher is better, by more than ``least``)."""

    def __init__(self, least: float = 0.0) -> None:
        self.least, self.best, self.waited = least, -math.inf, 0

    def see(self, score: float) -> bool:
        """Is it the best so far."""
        better = score > self.best + self.least
        self.best, self.waited = (score, 0) if better else (self.best, self.waited + 1)
        return better

    def state(self) -> dict[str, Any]:
        return {"best": self.best, "waited": self.waited}

    def load(self, state: dict[str, Any]) -> None:
        self.best, self.waited = state["best"], state["waited"]


class Rate:
    """The factor of the rate; ``timed`` as :func:`factor` has it.

    With the schedule ``plateau`` it is multiplied by ``spec.factor`` whenever ``spec.patience`` validations in a row were no
    better, down to ``spec.last``.
    """

    def __init__(self, spec: Schedule, timed: bool = False) -> None:
        self._spec, self._timed, self._patience, self._drop = spec, timed, Patience(), 1.0

    def __call__(self, step: int, total: int | None) -> float:
        return factor(step, total, self._spec, self._timed) * self._drop

    def see(self, score: float) -> None:
        """A validation's score."""
        if self._spec.name != "plateau" or self._patience.see(score) or self._patience.waited < self._spec.patience:
            return
        self._patience.waited = 0
        self._drop = max(self._spec.last, self._drop * self._spec.factor)

    def state(self) -> dict[str, Any]:
        return {"drop": self._drop, **self._patience.state()}

    def load(self, state: dict[str, Any]) -> None:
        self._drop = state["drop"]
        self._patience.load(state)
