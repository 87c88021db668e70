"""The node "smooth": Scores → steadier Scores."""

from __future__ import annotations

import inspect
import logging
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import Scores
from rtskin.node import Context, Node, NodeOptions
from rtskin.registry import SMOOTHERS
from rtskin.smooth.auto import Choice, Gauge, choose
from rtskin.smooth.base import Smoother
from rtskin.smooth.prior import Prior
from rtskin.smooth.stream import Continuity

log = logging.getLogger("rtskin.smooth")

AUTO, PRIOR = "auto", "prior"
_ASKED = "asked for"


def known_methods() -> list[str]:
    """The names that the node takes: those in SMOOTHERS, and auto."""
    return sorted([*SMOOTHERS.names(), AUTO])


class SmoothOptions(NodeOptions):
    """method: a name in SMOOTHERS, or auto. strength: 0 … 1, for methods that have one. cuts: start afresh where a shot
    ends. of: name of the infer node that the masks come from, which ``prior`` works with. in_time: ``auto`` takes a cheaper
    method where the best takes too long; without, the same file always gives the same masks."""

    method: str = AUTO
    strength: float = Field(default=0.5, ge=0, le=1)
    cuts: bool = True
    of: str = "infer"
    in_time: bool = True

    @field_validator("method")
    @classmethod
    def _known(cls, name: str) -> str:
        return _checked(name)


class Smooth(Node):
    """Runs a temporal filter, and starts it afresh where the stream breaks (rtskin.smooth.stream).

    ``command("smooth", NAME)`` changes the method while running, and ``command("smooth", "toggle")`` switches between none
    and the method that was last in use. The statistics say which method is at work (``mode``) and why.
    """

    takes: ClassVar[tuple[type, ...]] = (Scores,)
    gives: ClassVar[type | None] = Scores
    Options = SmoothOptions

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._method: str = self.options.method
        self._last_active = AUTO if self._method == "none" else self._method
        self._smoother: Smoother | None = None
        self._mode, self._why = self._method, _ASKED
        self._continuity = Continuity(self.options.cuts)
        self._infer: Any = None
        self._prior: Prior | None = None
        self._model, self._resets = "", 0
        self._cost, self._step = Gauge(), Gauge()

    def bind(self, nodes: Mapping[str, Node]) -> None:
        node = nodes.get(self.options.of)
        # Without an infer node that takes priors (a graph of other nodes), auto does without.
        if node is not None and inspect.getattr_static(node, "takes_prior", None) is not None:
            self._infer, self._prior = node, Prior(self.options.cuts)
            self._lend(self._method)

    def open(self, context: Context) -> None:
        self._continuity.forget()
        self._resets = 0
        self._use(self._begin(self._method))

    def process(self, scores: Scores) -> Scores:
        if self._method == "none":
            return scores
        step = self._continuity(scores.frame, scores.model, scores.data.shape)
        if scores.model != self._model:
            self._begin_model(scores.model)
        # One read: a command from another thread replaces the smoother between two packets, never within one.
        smoother = self._smoother
        if smoother is None:
            raise RuntimeError("process() before open()")
        if step.broke:
            smoother.reset()
            self._resets += 1
        begun = time.perf_counter()
        data = smoother.apply(scores.data, step.dt, scores.frame)
        if self._method == AUTO and self.options.in_time:
            self._measure((time.perf_counter() - begun) * 1e3, step.dt)
        return Scores(scores.frame, data, scores.model)

    def close(self) -> None:
        self._smoother = None
        self._continuity.forget()

    def command(self, name: str, value: str) -> bool:
        if name != "smooth":
            return False
        self._switch(self._other() if value == "toggle" else value)
        return True

    def counters(self) -> dict[str, int | float | str]:
        figures: dict[str, int | float | str] = {"method": self._method, "mode": self._mode, "why": self._why}
        figures["resets"] = self._resets
        return figures | ({"priors": self._prior.given} if self._prior is not None and self._prior.given else {})

    def _other(self) -> str:
        return self._last_active if self._method == "none" else "none"

    def _switch(self, method: str) -> None:
        _checked(method)
        if method == PRIOR and not self._takes_prior():
            raise InputError(self._no_prior())
        self._continuity.forget()
        # In the thread that asked: importing and compiling must not hold the stream up.
        choice = self._begin(method)
        smoother = self._make(choice.method)
        self._method = method
        self._lend(method)
        self._mode, self._why, self._smoother = choice.method, choice.why, smoother
        if method != "none":
            self._last_active = method

    def _begin(self, method: str) -> Choice:
        if method == AUTO:
            return choose(self._takes_prior(), None, None)
        if method == PRIOR and self._model and not self._takes_prior():
            return Choice("flow", self._no_prior())
        return Choice(method, _ASKED)

    def _begin_model(self, model: str) -> None:
        """Another model, or the first: what is best for it, measured anew. InputError: prior, and the first takes none."""
        first, self._model = not self._model, model
        self._cost.clear()
        if first and self._method == PRIOR and not self._takes_prior():
            raise InputError(self._no_prior())
        self._lend(self._method)
        choice = self._begin(self._method)
        if choice.method != self._mode:
            self._use(choice)
        self._why = choice.why

    def _measure(self, cost_ms: float, dt: float | None) -> None:
        """Change to what there is time for; never back, or a busy machine would have it change for ever."""
        if self._mode == "adaptive":
            return
        if not dt:  # the first frame, and those of sources that know no time
            return
        self._cost.add(cost_ms)
        self._step.add(dt)
        prior, step = self._takes_prior(), self._step.median
        cost = self._prior.cost_ms if prior and self._prior is not None else self._cost.median
        choice = choose(prior, 1 / step if step else None, cost)
        self._why = choice.why
        if choice.method != self._mode:
            log.info("smoothing: %s, since %s", choice.method, choice.why)
            self._use(choice)
            self._lend(choice.method)

    def _use(self, choice: Choice) -> None:
        self._smoother = self._make(choice.method)
        self._mode, self._why = choice

    def _lend(self, method: str) -> None:
        """Let the infer node ask for priors, or not."""
        if self._infer is not None:
            self._infer.prior = self._prior if method in (AUTO, PRIOR) else None

    def _takes_prior(self) -> bool:
        return self._infer is not None and bool(self._infer.takes_prior)

    def _no_prior(self) -> str:
        name = f"the model {self._model!r}" if self._model else "this model"
        return f"{name} takes no prior; use smoothing auto or flow, or a model whose card says input.prior = true"

    def _make(self, method: str) -> Smoother:
        made: Smoother = SMOOTHERS.get(method)(strength=self.options.strength)
        return made


def _checked(name: str) -> str:
    if name not in known_methods():
        raise UnknownNameError(SMOOTHERS.what, name, known_methods())
    return name
