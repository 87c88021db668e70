"""Render: a mask and its frame become a picture."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import Any, ClassVar

from pydantic import Field

from rtskin.errors import InputError, RtskinError, reason
from rtskin.frame import Mask, Rendered
from rtskin.node import Context, Node, NodeOptions
from rtskin.registry import VIEWS
from rtskin.render.views import blend, needs_regions
from rtskin.render.views.chain import Chain, for_live
from rtskin.render.views.text import parse_views

log = logging.getLogger("rtskin.render")

#: Of the threshold: from one key press to the next, and half the width of the soft edge.
_STEP, _SOFT = 0.1, 0.05


class Render(Node):
    """Mask → Rendered, by a view or several ("smooth-skin+overlay:alpha=0.4", see rtskin.render.views).

    threshold: 0 shows soft masks; from 0.05 on they are cut there, with a narrow soft edge, before any view sees them.
    ``command("view", "next" | TEXT)`` and ``command("threshold", "up" | "down")`` change them while running.
    """

    takes: ClassVar[tuple[type, ...]] = (Mask,)
    gives: ClassVar[type | None] = Rendered

    class Options(NodeOptions):
        view: str = "overlay"
        threshold: float = Field(0.0, ge=0, le=0.95)

    hot: ClassVar[frozenset[str]] = frozenset({"view", "threshold"})

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._has_regions = True  # until the graph is known
        self._use(self.options.view, self.options.threshold)
        # A view that remembers something sees one frame after the other.
        self.reentrant = not self._shown[1].stateful

    @property
    def view(self) -> str:
        """What is shown now, as it was written."""
        return self._shown[0]

    @property
    def wants_regions(self) -> bool:
        """Whether the view that is shown now draws regions: else nobody need look for them."""
        return self._shown[1].draws_regions

    def bind(self, nodes: Mapping[str, Node]) -> None:
        self._has_regions = any(inspect.getattr_static(node, "attaches_regions", False) for node in nodes.values())
        self._check(*self._shown)

    def open(self, context: Context) -> None:
        blend.warm()

    def process(self, mask: Mask) -> Rendered:
        name, chain = self._shown
        return Rendered(mask.frame, chain(mask), name)

    def close(self) -> None:
        self._shown[1].close()

    def command(self, name: str, value: str) -> bool:
        if name == "threshold":
            self.set("threshold", _stepped(self.options.threshold, value))
            return True
        if name != "view":
            return False
        if value == "next":
            self._next()
        else:
            self.set("view", value)
        return True

    def changed(self, key: str, options: Any) -> None:
        self._use(options.view, options.threshold)
        super().changed(key, options)

    def counters(self) -> dict[str, int | float | str]:
        return {"view": self.view, "threshold": self.options.threshold}

    def _use(self, name: str, threshold: float) -> None:
        before = f"step:low={max(0.0, threshold - _SOFT)},high={min(1.0, threshold + _SOFT)}+" if threshold else ""
        chain = Chain(before + name)
        self._check(name, chain)
        self._shown = (name, chain)  # one assignment: a worker sees both or neither

    def _check(self, name: str, chain: Chain) -> None:
        if chain.draws_regions and not self._has_regions:
            raise InputError(
                f"the view {name!r} draws regions, and nothing in this graph looks for them; "
                "put a node of the kind 'regions' before the node that renders"
            ).about("view")

    def _next(self) -> None:
        """The view that follows in the list. One that others plugged in may not load: the stream goes on without it.

        Nor are those shown that this graph has no regions for.
        """
        current, names = parse_views(self.view)[-1][0], VIEWS.names()
        start = names.index(current)
        for name in [*names[start + 1 :], *names[:start]]:
            try:
                if for_live(name) and (self._has_regions or not needs_regions(VIEWS.get(name))):
                    self.set("view", name)
                    return
            except Exception as error:  # whatever the import of a stranger's module raises
                log.warning("view %s is left out, it cannot be loaded: %s", name, _reason(error))
        log.info("there is no other view than %s", current)


def _stepped(threshold: float, way: str) -> float:
    """The next one up or down, and round again."""
    return round((threshold + (_STEP if way == "up" else -_STEP)) % 1.0, 2)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {reason(error)}"
