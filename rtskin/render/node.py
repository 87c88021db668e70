"""Render: a mask and its frame become a picture."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from pydantic import Field

from rtskin.errors import InputError, RtskinError, reason
from rtskin.frame import Mask, Rendered
from rtskin.node import Context, Node, NodeOptions
from rtskin.registry import VIEWS
from rtskin.render.exchange import Exchange
from rtskin.render.views import blend, needs_regions
from rtskin.render.views.chain import Chain, for_live
from rtskin.render.views.text import parse_views

log = logging.getLogger("rtskin.render")

#: Of the threshold: from one key press to the next, and half the width of the soft edge.
_STEP, _SOFT = 0.1, 0.05


class Render(Node):
    """Mask → Rendered, by a view or several ("smooth-skin+overlay:alpha=0.4", see rtskin.render.views).

    threshold: 0 shows soft masks; from 0.05 on they are cut there, with a narrow soft edge, before any view sees them.
    ``command("view", "next" | TEXT)`` and ``command("threshold", "up" | "down")`` change them while running: a view that
    cannot be (a background that is not there) is refused, and the one before stays. ``command("mirror", "on" | "off")``:
    somebody shows mirror images, and wants to read the words in them.
    """

    takes: ClassVar[tuple[type, ...]] = (Mask,)
    gives: ClassVar[type | None] = Rendered

    class Options(NodeOptions):
        view: str = "overlay"
        threshold: float = Field(0.0, ge=0, le=0.95)

    kernels: ClassVar[Mapping[str, float]] = {"rtskin.render.views.blend:warm": 2.0}
    hot: ClassVar[frozenset[str]] = frozenset({"view", "threshold"})

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._has_regions = True  # until the graph is known
        self._workers, self._mirror = 1, False
        self._cut = _cut(self.options.threshold)
        self._shown = Exchange(self._made(self.options.view))
        # A view that remembers something sees one frame after the other.
        self.reentrant = not self._shown.newest.chain.stateful

    @property
    def view(self) -> str:
        """What is shown now, as it was written."""
        return self._shown.newest.name

    @property
    def wants_regions(self) -> bool:
        """Whether the view that is shown now draws regions: else nobody need look for them."""
        return self._shown.newest.chain.draws_regions

    def bind(self, nodes: Mapping[str, Node]) -> None:
        self._has_regions = any(inspect.getattr_static(node, "attaches_regions", False) for node in nodes.values())
        self._check(self._shown.newest)

    def open(self, context: Context) -> None:
        self._workers = context.workers
        blend.warm()

    def process(self, mask: Mask) -> Rendered:
        cut = self._cut
        if cut is not None:
            mask = cut.edged(mask)
        with self._shown.using() as shown:
            image, mirror = shown.chain.with_mirror(mask) if self._mirror else (shown.chain(mask), None)
            return Rendered(mask.frame, image, shown.name, mirror)

    def close(self) -> None:
        self._shown.close()

    def command(self, name: str, value: str) -> bool:
        if name == "mirror":
            self._mirror = value == "on"
            return True
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
        if key == "threshold":  # the views stay what they are, with all that they remember
            self._cut = _cut(options.threshold)
        else:
            shown = self._made(options.view)
            self.reentrant = not shown.chain.stateful
            self._shown.put(shown)
        super().changed(key, options)

    def counters(self) -> dict[str, int | float | str]:
        return {"view": self.view, "threshold": self.options.threshold}

    def _made(self, name: str) -> _Shown:
        try:
            shown = _Shown(name, Chain(name))
        except InputError as error:
            raise error.about("view") from None
        try:
            self._check(shown)
        except InputError:
            shown.close()
            raise
        return shown

    def _check(self, shown: _Shown) -> None:
        if shown.chain.draws_regions and not self._has_regions:
            raise InputError(
                f"the view {shown.name!r} draws regions, and nothing in this graph looks for them; "
                "put a node of the kind 'regions' before the node that renders"
            ).about("view")
        if shown.chain.stateful and self._workers > 1:
            raise InputError(
                f"the view {shown.name!r} keeps state from frame to frame, and {self._workers} workers render; "
                "give the node one of 'workers'"
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


@dataclass(frozen=True)
class _Shown:
    """Views, and how they were written."""

    name: str
    chain: Chain

    def close(self) -> None:
        self.chain.close()


def _cut(threshold: float) -> Chain | None:
    """What cuts masks there; None: nothing."""
    if not threshold:
        return None
    return Chain(f"step:low={max(0.0, threshold - _SOFT)},high={min(1.0, threshold + _SOFT)}")


def _stepped(threshold: float, way: str) -> float:
    """The next one up or down, and round again."""
    return round((threshold + (_STEP if way == "up" else -_STEP)) % 1.0, 2)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {reason(error)}"
