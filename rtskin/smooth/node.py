"""The node "smooth": Scores → steadier Scores."""

from __future__ import annotations

import inspect
import logging
import threading
import time
from collections.abc import Iterator, Mapping
from typing import Any, ClassVar

from pydantic import Field, field_validator

from rtskin.errors import InputError, UnknownNameError
from rtskin.frame import Scores
from rtskin.node import Context, Node, NodeOptions, Source
from rtskin.registry import SMOOTHERS
from rtskin.smooth.ahead import Ahead
from rtskin.smooth.auto import Auto, Choice
from rtskin.smooth.base import Smoother
from rtskin.smooth.lookahead import MOST_FRAMES, LookAhead
from rtskin.smooth.prior import Prior
from rtskin.smooth.stream import Continuity, Step

log = logging.getLogger("rtskin.smooth")

AUTO, PRIOR = "auto", "prior"
_ASKED = "asked for"


def known_methods() -> list[str]:
    """The names that the node takes: those in SMOOTHERS, and auto."""
    return sorted([*SMOOTHERS.names(), AUTO])


class SmoothOptions(NodeOptions):
    """method: a name in SMOOTHERS, or auto. strength: 0 … 1, for methods that have one. lookahead: frames, 0 … 16: each mask
    is first averaged with so many before it and after it, and comes so many frames later; not for live sources. cuts: start
    afresh where a shot ends. of: name of the infer node that the masks come from, which ``prior`` works with. in_time:
    ``auto`` takes a cheaper method while the best takes too long; without, the same file always gives the same masks."""

    method: str = AUTO
    strength: float = Field(default=0.5, ge=0, le=1)
    lookahead: int = Field(default=0, ge=0, le=MOST_FRAMES)
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
    and the method that was last in use; ``command("strength", "up" | "down")`` changes that by a tenth. The statistics say
    which method is at work (``mode``) and why. With ``lookahead`` the filter works on masks that are averaged with those
    around them already.
    """

    takes: ClassVar[tuple[type, ...]] = (Scores,)
    gives: ClassVar[type | None] = Scores
    Options = SmoothOptions
    kernels: ClassVar[Mapping[str, float]] = {
        "rtskin.smooth.cuts:warm": 2.0,
        "rtskin.smooth.tone:ToneMatch": 1.2,
        "rtskin.smooth.motion:FlowField": 0.8,
        "rtskin.smooth.motion:Mover": 0.2,
        "rtskin.smooth.change:Reference._compile": 1.5,
        "rtskin.smooth.adaptive:Adaptive._warm_up": 1.1,
    }
    hot: ClassVar[frozenset[str]] = frozenset({"method", "strength"})

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._method: str = self.options.method
        self._last_active = AUTO if self._method == "none" else self._method
        self._smoother: Smoother | None = None
        self._mode, self._why = self._method, _ASKED
        self._continuity = Continuity(self.options.cuts)
        self._infer: Any = None
        self._motion: Ahead | None = None
        self._prior: Prior | None = None
        self._model, self._resets = "", 0
        self._auto: Auto | None = None
        #: Held while the method changes: commands come from other threads.
        self._changing = threading.Lock()
        self._ahead: LookAhead | None = None
        self.emits = "some" if self.options.lookahead else "each"

    def bind(self, nodes: Mapping[str, Node]) -> None:
        if self.options.lookahead and any(isinstance(node, Source) and node.live for node in nodes.values()):
            raise InputError(
                f"lookahead {self.options.lookahead} makes each mask of frames that a live source does not have yet; leave "
                'it out, or take every frame of a file (pace = "max")'
            ).about("lookahead")
        node = nodes.get(self.options.of)
        # Without an infer node that takes priors (a graph of other nodes), auto does without.
        if node is not None and inspect.getattr_static(node, "takes_prior", None) is not None:
            self._infer, self._prior = node, Prior(self.options.cuts)
            self._lend(self._method)

    def open(self, context: Context) -> None:
        self._continuity.forget()
        self._resets = 0
        self._ahead = LookAhead(self.options.lookahead) if self.options.lookahead else None
        # One that looks ahead in time asks for motion when it is long done with.
        self._motion = Ahead() if self._infer is not None and self._ahead is None else None
        self._auto, choice = self._begin(self._method)
        self._use(choice)

    def process(self, scores: Scores) -> Scores | None:
        if self._ahead is None and self._method == "none":
            return scores
        step = self._continuity(scores.frame, scores.model, scores.data.shape)
        if self._ahead is None:
            return self._steadied(scores, step)
        due = self._ahead(scores, step)
        return None if due is None else self._steadied(*due)

    def flush(self) -> Iterator[Scores]:
        """Masks that waited for frames to come: none will."""
        for due in self._ahead.rest() if self._ahead is not None else ():
            yield self._steadied(*due)

    def _steadied(self, scores: Scores, step: Step) -> Scores:
        if scores.model != self._model:
            self._begin_model(scores.model)
        # One read: a command from another thread replaces the smoother between two packets, never within one.
        smoother = self._smoother
        if smoother is None:
            raise RuntimeError("process() before open()")
        if step.broke:
            smoother.reset()
            self._resets += 1
        begun, hidden = time.perf_counter(), self._hidden_ms()
        data = smoother.apply(scores.data, step.dt, scores.frame)
        if self.options.in_time:
            self._measure((time.perf_counter() - begun) * 1e3 + self._hidden_ms() - hidden, step.dt)
        return Scores(scores.frame, data, scores.model)

    def _hidden_ms(self) -> float:
        """What was done beside the network costs as much."""
        return 0.0 if self._motion is None else self._motion.hidden_ms

    def close(self) -> None:
        if self._motion is not None:
            self._infer.beside = None
            self._motion.close()
        self._smoother = self._ahead = self._motion = None
        self._continuity.forget()

    def command(self, name: str, value: str) -> bool:
        if name == "strength":
            self.set("strength", min(1.0, max(0.0, round(self.options.strength + (0.1 if value == "up" else -0.1), 2))))
            return True
        if name != "smooth":
            return False
        self._switch(self._other() if value == "toggle" else value)
        return True

    def changed(self, key: str, options: Any) -> None:
        before, self.options = self.options, options
        try:
            self._switch(options.method if key == "method" else self._method)
        except InputError:
            self.options = before
            raise

    def counters(self) -> dict[str, int | float | str]:
        figures: dict[str, int | float | str] = {"method": self._method, "mode": self._mode, "why": self._why}
        figures |= {"strength": self.options.strength, "resets": self._resets}
        figures |= {"lookahead": self.options.lookahead} if self.options.lookahead else {}
        return figures | ({"priors": self._prior.given} if self._prior is not None and self._prior.given else {})

    def _other(self) -> str:
        return self._last_active if self._method == "none" else "none"

    def _switch(self, method: str) -> None:
        _checked(method)
        if method == PRIOR and not self._takes_prior():
            raise InputError(self._no_prior())
        # In the thread that asked: importing and compiling must not hold the stream up.
        auto, choice = self._begin(method)
        smoother = self._make(choice.method)
        with self._changing:
            self._continuity.forget()
            self._method, self._auto = method, auto
            self._lend(method)
            self._mode, self._why, self._smoother = choice.method, choice.why, smoother
        if method != "none":
            self._last_active = method

    def _begin(self, method: str) -> tuple[Auto | None, Choice]:
        """What decides from now on, and its first choice."""
        if method == AUTO:
            auto = Auto(self._takes_prior())
            return auto, auto.choice
        if method == PRIOR and self._model and not self._takes_prior():
            return None, Choice("flow", self._no_prior())
        return None, Choice(method, _ASKED)

    def _begin_model(self, model: str) -> None:
        """Another model, or the first: what is best for it, measured anew. InputError: prior, and the first takes none."""
        first, self._model = not self._model, model
        if first and self._method == PRIOR and not self._takes_prior():
            raise InputError(self._no_prior())
        with self._changing:
            self._lend(self._method)
            self._auto, choice = self._begin(self._method)
            if choice.method != self._mode:
                self._use(choice)
            self._why = choice.why

    def _measure(self, cost_ms: float, dt: float | None) -> None:
        """Where auto decides: change to what there is time for."""
        prior = self._prior if self._takes_prior() else None
        with self._changing:
            before = self._smoother
            if self._auto is None or before is None:
                return
            choice = self._auto.frame(cost_ms if prior is None else prior.cost_ms, dt)
            self._why = choice.why
            if choice.method != self._mode:
                log.info("smoothing: %s, since %s", choice.method, choice.why)
                self._use(choice).take_over(before)
                self._lend(choice.method)

    def _use(self, choice: Choice) -> Smoother:
        self._smoother = made = self._make(choice.method)
        self._mode, self._why = choice
        return made

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
        if self._motion is not None:  # the network tells of its frames only where somebody will ask
            self._infer.beside = self._motion.expect if made.look_ahead_with(self._motion) else None
        return made


def _checked(name: str) -> str:
    if name not in known_methods():
        raise UnknownNameError(SMOOTHERS.what, name, known_methods())
    return name
