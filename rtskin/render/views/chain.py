"""Views one after another: ``feather:radius=4+smooth-skin+overlay:color=00ff88``."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, cast, get_type_hints

import numpy as np

from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.registry import VIEWS
from rtskin.render.views import View, needs_regions
from rtskin.render.views.parameters import checked
from rtskin.render.views.text import Said, parse_views


class Chain:
    """The views in ``text`` (or taken apart already); InputError, UnknownNameError say what is wrong with it.

    stateful: it remembers something, so frames must come one after another. draws_regions: masks must come with regions.
    :meth:`close` gives back what it holds.
    """

    def __init__(self, text: str | list[Said]) -> None:
        said = parse_views(text) if isinstance(text, str) else text
        self._steps = [_step(name, own) for name, own in said]
        self.draws_regions = any(needs_regions(VIEWS.get(name)) for name, _ in said)
        self.stateful = any(getattr(step, "stateful", not isinstance(step, partial)) for step in self._steps)
        self._pool = BufferPool()

    def __call__(self, mask: Mask) -> U8:
        """uint8 H×W×3 (BGR), or H×W where the last view is a plane, as the matte. It may be the frame's own pixels."""
        picture: U8 | None = None
        for step in self._steps:
            shown = _colored(mask.frame.bgr if picture is None else picture)
            made = step(shown, mask, self._pool.take(shown.shape, np.uint8))
            if isinstance(made, Mask):
                mask = made
            else:
                picture = made
        return mask.frame.bgr if picture is None else picture

    def edged(self, mask: Mask) -> Mask:
        """The mask as the last view sees it; for views that change nothing else (see :func:`is_edge`)."""
        for step in self._steps:
            changed = step(mask.frame.bgr, mask, _NOTHING)
            assert isinstance(changed, Mask)
            mask = changed
        return mask

    def close(self) -> None:
        """Gives back what views hold (open videos)."""
        for step in self._steps:
            close = getattr(step, "close", None)
            if close is not None:
                close()


def is_edge(name: str) -> bool:
    """Whether the view of that name changes the mask alone, and not the picture."""
    thing = VIEWS.get(name)
    return not inspect.isclass(thing) and get_type_hints(thing).get("return") is Mask


def for_live(name: str) -> bool:
    """Whether the view of that name shows something by itself, and in time for a camera."""
    return not is_edge(name) and getattr(VIEWS.get(name), "live", True)


#: The buffer of views that paint nothing.
_NOTHING: U8 = np.empty((0, 0, 3), np.uint8)


def _step(name: str, said: dict[str, str]) -> View:
    thing = VIEWS.get(name)
    arguments: dict[str, Any] = checked(name, thing, said)
    step: Any = thing(**arguments) if inspect.isclass(thing) else partial(thing, **arguments)
    return cast(View, step)


def _colored(picture: U8) -> U8:
    return picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
