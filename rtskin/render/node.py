"""Render: a mask and its frame become a picture."""

from __future__ import annotations

import numpy as np
from pydantic import Field, field_validator

from rtskin.frame import Mask, Rendered
from rtskin.node import Context, Node, NodeOptions
from rtskin.pool import BufferPool
from rtskin.registry import VIEWS
from rtskin.render.views import View, ViewSettings, blend, parse_color


class Render(Node):
    """Mask → Rendered, by the view of that name. ``command("view", "next" | NAME)`` switches while running."""

    class Options(NodeOptions):
        view: str = "overlay"
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

    reentrant = True

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        chosen = self.options
        self._settings = ViewSettings(
            parse_color(chosen.color), chosen.alpha, chosen.contour, parse_color(chosen.background)
        )
        self._pool = BufferPool()
        self._use(chosen.view)

    @property
    def view(self) -> str:
        """Name of the view that is shown now."""
        return self._current[0]

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
        self._use(self._after(self.view) if value == "next" else value)
        return True

    def _use(self, name: str) -> None:
        view: View = VIEWS.get(name)
        self._current = (name, view)  # one assignment: a worker sees both or neither

    @staticmethod
    def _after(name: str) -> str:
        names = VIEWS.names()
        return names[(names.index(name) + 1) % len(names)]
