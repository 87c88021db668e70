"""The node "budget": holds a live graph to a rate and a latency, by setting options of its other nodes."""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from rtskin.budget.control import Choice, Control, Load
from rtskin.budget.levels import Level, levels
from rtskin.errors import GraphSpecError, InputError, nearest
from rtskin.frame import Packet
from rtskin.infer.cards import load_card
from rtskin.node import Context, Node, NodeOptions, Source
from rtskin.registry import METHODS
from rtskin.smooth.pair import Pair

log = logging.getLogger("rtskin.budget")

#: Seconds between two looks, and after the first frame before the first one: first runs compile and fill pools.
LOOK, WARM = 0.5, 1.5
#: Filters that have a light one in their place.
_LIGHT, _HEAVY = "adaptive", ("auto", "flow", "prior")


class BudgetOptions(NodeOptions):
    """fps: frames a second to show. latency: milliseconds from capture to the end of the main sink's work, which 95 of 100
    frames must not exceed. At least one of them. waits: frames may wait for their own masks. light, small: the filter and
    the network's input may be given up. pair, preprocess, infer, smooth: names of the nodes that are steered."""

    fps: float | None = Field(default=None, gt=0, le=1000)
    latency: float | None = Field(default=None, gt=0, le=60_000)
    waits: bool = True
    light: bool = True
    small: bool = True
    pair: str = "propagate"
    preprocess: str = "preprocess"
    infer: str = "infer"
    smooth: str = "smooth"


class Budget(Node):
    """Any packet that is shown → nothing; put it on a dropping edge. It says what it picks, and why, in the log and in the
    statistics. It needs a live source and a node of the kind "pair" with ``steered = true``."""

    Options = BudgetOptions
    emits = "none"
    idle_every: ClassVar[float | None] = LOOK

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        if self.options.fps is None and self.options.latency is None:
            raise InputError("a budget is frames a second (fps), milliseconds (latency), or both")
        self._control: Control | None = None
        self._watch: Any = None
        self._due, self._warm = 0.0, False
        self._smooth = ""
        #: What the steered options are now, by node and key.
        self._in_use: dict[tuple[str, str], Any] = {}

    def bind(self, nodes: Mapping[str, Node]) -> None:
        o = self.options
        for name in (o.pair, o.preprocess, o.infer, o.smooth):
            if name not in nodes:
                raise GraphSpecError(f"budget: there is no node {name!r}{nearest(name, nodes)}")
        pair = nodes[o.pair]
        if not isinstance(pair, Pair) or not pair.options.steered:
            raise GraphSpecError(f'budget: node {o.pair!r} must be of the kind "pair" with steered = true').about(
                "pair"
            )
        if not all(node.live for node in nodes.values() if isinstance(node, Source)):
            raise GraphSpecError('a budget is for live sources: use pace = "source"')
        self._smooth = nodes[o.smooth].options.method
        self._in_use = self._options(Level(), 0.0)
        small = o.small and nodes[o.infer].options.size == "live" and _has_small(nodes[o.infer].options.model)
        light = o.light and self._smooth in _HEAVY
        self._control = Control(levels(light=light, small=small), o.fps, o.latency, waits=o.waits)

    def open(self, context: Context) -> None:
        self._context = context

    def process(self, packet: Packet) -> None:
        if self._watch is None:
            self._due = time.monotonic() + WARM
            self._watch = self._context.watch()
        self.idle()

    def idle(self) -> None:
        if self._watch is None or time.monotonic() < self._due:
            return
        look = self._watch.look()
        self._due = time.monotonic() + LOOK
        if self._warm:
            self._steer(self._load(look))
        self._warm = True

    def counters(self) -> dict[str, int | float | str]:
        """budget: what is to be held. picked, why: what is in use. changes: so far. missed: looks at which it was not."""
        control, o = self._control, self.options
        if control is None:
            return {}
        asked = [f"{value:g} {unit}" for value, unit in ((o.fps, "frames/s"), (o.latency, "ms")) if value is not None]
        picked = {"budget": ", ".join(asked), "picked": _said(control.choice), "why": control.choice.why}
        return {**picked, "changes": control.changes, "missed": control.missed}

    def _steer(self, load: Load) -> None:
        control = self._control
        assert control is not None
        before = control.changes
        choice = control.look(load)
        if control.changes != before:
            log.info("budget: %s, since %s", _said(choice), choice.why)
        for words in control.news:
            log.warning("budget: %s", words)
        control.news.clear()
        self._apply(choice)

    def _load(self, look: Any) -> Load:
        """look: a rtskin.graph.watch.Look."""
        o, took = self.options, look.node_ms
        network = [took.get(name) for name in (o.preprocess, o.infer)]
        shown = {name: took[name] for name in self._watch.way if name in took}
        same = [ms for name, ms in shown.items() if name not in (o.pair, o.smooth)]
        slowest = max(shown, key=lambda name: shown[name], default="")
        return Load(
            captured=look.captured,
            shown=look.shown,
            latency_ms=look.latency_ms,
            network_ms=None if None in network else sum(ms for ms in network if ms is not None),
            display_ms=sum(shown.values()) if shown else None,
            same_ms=sum(same) if same else None,
            slowest=f"the node {slowest!r} takes {shown[slowest]:.0f} ms a frame" if slowest else "",
        )

    def _apply(self, choice: Choice) -> None:
        wanted = self._options(choice.level, choice.wait_ms)
        for place, value in wanted.items():
            if value != self._in_use[place]:
                self._context.set(*place, value)
        self._in_use = wanted

    def _options(self, level: Level, wait_ms: float) -> dict[tuple[str, str], Any]:
        o = self.options
        return {
            (o.pair, "every"): level.every,
            (o.pair, "wait_ms"): wait_ms,
            (o.smooth, "method"): _LIGHT if level.light else self._smooth,
            (o.infer, "size"): "small" if level.small else "live",
        }


def _said(choice: Choice) -> str:
    return f"{choice.level}, {'own masks' if choice.wait_ms else 'masks ride'}"


def _has_small(model: str) -> bool:
    """Whether its network takes a smaller input than the usual one."""
    try:
        card = load_card(model)
    except InputError:  # the infer node says what is wrong with it
        return False
    return card.architecture not in METHODS.names() and card.tensor.smalls != card.tensor.live
