"""Render: a mask and its frame become a picture."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

from rtskin.errors import RtskinError, reason
from rtskin.frame import Mask, Rendered
from rtskin.node import Context, Node, NodeOptions
from rtskin.registry import VIEWS
from rtskin.render.views import blend
from rtskin.render.views.chain import Chain, for_live
from rtskin.render.views.text import parse_views

log = logging.getLogger("rtskin.render")


class Render(Node):
    """Mask → Rendered, by a view or several ("smooth-skin+overlay:alpha=0.4", see rtskin.render.views).

    ``command("view", "next" | TEXT)`` switches while running.
    """

    takes: ClassVar[tuple[type, ...]] = (Mask,)
    gives: ClassVar[type | None] = Rendered

    class Options(NodeOptions):
        view: str = "overlay"

    hot: ClassVar[frozenset[str]] = frozenset({"view"})

    def __init__(self, **options: object) -> None:
        super().__init__(**options)
        self._use(self.options.view)
        # A view that remembers something sees one frame after the other.
        self.reentrant = not self._shown[1].stateful

    @property
    def view(self) -> str:
        """What is shown now, as it was written."""
        return self._shown[0]

    def open(self, context: Context) -> None:
        blend.warm()

    def process(self, mask: Mask) -> Rendered:
        name, chain = self._shown
        return Rendered(mask.frame, chain(mask), name)

    def close(self) -> None:
        self._shown[1].close()

    def command(self, name: str, value: str) -> bool:
        if name != "view":
            return False
        if value == "next":
            self._next()
        else:
            self._use(value)
        return True

    def changed(self, key: str, options: Any) -> None:
        self._use(options.view)
        super().changed(key, options)

    def _use(self, name: str) -> None:
        self._shown = (name, Chain(name))  # one assignment: a worker sees both or neither

    def _next(self) -> None:
        """The view that follows in the list. One that others plugged in may not load: the stream goes on without it."""
        current, names = parse_views(self.view)[-1][0], VIEWS.names()
        start = names.index(current)
        for name in [*names[start + 1 :], *names[:start]]:
            try:
                if for_live(name):
                    self._use(name)
                    return
            except Exception as error:  # whatever the import of a stranger's module raises
                log.warning("view %s is left out, it cannot be loaded: %s", name, _reason(error))
        log.info("there is no other view than %s", current)


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {reason(error)}"
