"""Render: a mask and its frame become a picture."""

from __future__ import annotations

import inspect
import logging
from collections.abc import Mapping
from typing import ClassVar

import numpy as np
from pydantic import Field, field_validator

from rtskin.errors import InputError, RtskinError, reason
from rtskin.frame import Mask, Rendered
from rtskin.node import Context, Node, NodeOptions
from rtskin.pool import BufferPool
from rtskin.registry import VIEWS
from rtskin.render.views import View, ViewSettings, blend, needs_regions, parse_color

log = logging.getLogger("rtskin.render")


class LookOptions(NodeOptions):
    """How views look, as a pipeline says it."""

    #: Opacity of the overlay's tint where the mask is full.
    alpha: float = Field(0.5, ge=0, le=1)
    #: Of the overlay, rrggbb.
    color: str = "00c850"
    #: Of the cutout, rrggbb.
    background: str = "000000"
    #: The overlay draws a line around the skin.
    contour: bool = True

    @field_validator("color", "background")
    @classmethod
    def _color(cls, value: str) -> str:
        parse_color(value)
        return value

    @property
    def settings(self) -> ViewSettings:
        return ViewSettings(parse_color(self.color), self.alpha, self.contour, parse_color(self.background))


class Render(Node):
    """Mask → Rendered, by the view of that name. ``command("view", "next" | NAME)`` switches while running."""

    takes: ClassVar[tuple[type, ...]] = (Mask,)
    gives: ClassVar[type | None] = Rendered

    class Options(LookOptions):
        view: str = "overlay"

    reentrant = True

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._settings: ViewSettings = self.options.settings
        self._pool = BufferPool()
        self._has_regions = True  # until the graph is known
        self._use(self.options.view)

    @property
    def view(self) -> str:
        """Name of the view that is shown now."""
        return self._current[0]

    @property
    def wants_regions(self) -> bool:
        """Whether the view that is shown now draws regions: else nobody need look for them."""
        return needs_regions(self._current[1])

    def bind(self, nodes: Mapping[str, Node]) -> None:
        self._has_regions = any(inspect.getattr_static(node, "attaches_regions", False) for node in nodes.values())
        self._check(*self._current)

    def open(self, context: Context) -> None:
        blend.warm()

    def process(self, mask: Mask) -> Rendered:
        name, view = self._current
        frame = mask.frame
        out = self._pool.take((frame.height, frame.width, 3), np.uint8)
        return Rendered(frame, view(frame, mask, out, self._settings), name)

    def command(self, name: str, value: str) -> bool:
        if name != "view":
            return False
        if value == "next":
            self._next()
        else:
            self._use(value)
        return True

    def _use(self, name: str) -> None:
        view: View = VIEWS.get(name)
        self._check(name, view)
        self._current = (name, view)  # one assignment: a worker sees both or neither

    def _check(self, name: str, view: View) -> None:
        if needs_regions(view) and not self._has_regions:
            raise InputError(
                f"the view {name!r} draws regions, and nothing in this graph looks for them; "
                "put a node of the kind 'regions' before the node that renders"
            ).about("view")

    def _next(self) -> None:
        """The view that follows in the list. One that others plugged in may not load: the stream goes on without it.

        Nor are those shown that this graph has no regions for.
        """
        current, names = self.view, VIEWS.names()
        start = names.index(current)
        for name in [*names[start + 1 :], *names[:start]]:
            try:
                view: View = VIEWS.get(name)
                if needs_regions(view) and not self._has_regions:
                    continue
                self._use(name)
            except Exception as error:  # whatever the import of a stranger's module raises
                log.warning("view %s is left out, it cannot be loaded: %s", name, _reason(error))
            else:
                return
        log.info("there is no other view than %s", current)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {reason(error)}"
