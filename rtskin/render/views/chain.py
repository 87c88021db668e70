"""Views one after another: ``feather:radius=4+smooth-skin+overlay:color=00ff88``."""

from __future__ import annotations

import inspect
from functools import partial
from typing import Any, cast, get_type_hints

import numpy as np

from rtskin.errors import InputError
from rtskin.frame import U8, Mask
from rtskin.media import cv2
from rtskin.pool import BufferPool
from rtskin.registry import VIEWS
from rtskin.render.views import View, needs_regions
from rtskin.render.views.mirror import flipped, mirrored
from rtskin.render.views.parameters import checked
from rtskin.render.views.text import Said, parse_views

#: Besides the registered views; only files can hold it (rtskin.render.outputs).
ALPHA = "alpha"


class Chain:
    """The views in ``text`` (or taken apart already); InputError, UnknownNameError say what is wrong with it.

    stateful: it remembers something, so frames must come one after another. draws_regions: masks must come with regions.
    :meth:`close` gives back what it holds.
    """

    def __init__(self, text: str | list[Said]) -> None:
        said = parse_views(text) if isinstance(text, str) else text
        things = [_thing(name) for name, _ in said]
        self.draws_regions = any(map(needs_regions, things))
        self._steps = _steps(said)
        self.stateful = any(getattr(step, "stateful", not isinstance(step, partial)) for step in self._steps)
        self._pool = BufferPool()
        # From the first view on that a mirror must not turn round, its image is painted anew, by views of its own.
        self._words = next((at for at, one in enumerate(things) if getattr(one, "unmirrored", False)), None)
        self._said, self._for_mirror = said, list[View]()

    def __call__(self, mask: Mask) -> U8:
        """uint8 H×W×3 (BGR), or H×W where the last view is a plane, as the matte. It may be the frame's own pixels."""
        return _finished(*self._through(self._steps, None, mask))

    def with_mirror(self, mask: Mask) -> tuple[U8, U8 | None]:
        """The same, and what a mirror shows where that has readable words; None: it is the same, turned round."""
        if self._words is None:
            return self(mask), None
        self._for_mirror = self._for_mirror or _steps(self._said[self._words :])
        picture, mask = self._through(self._steps[: self._words], None, mask)
        other = None if picture is None else flipped(picture, self._pool)
        image = _finished(*self._through(self._steps[self._words :], picture, mask))
        return image, _finished(*self._through(self._for_mirror, other, mirrored(mask, self._pool)))

    def _through(self, steps: list[View], picture: U8 | None, mask: Mask) -> tuple[U8 | None, Mask]:
        for step in steps:
            shown = _colored(mask.frame.bgr if picture is None else picture)
            made = step(shown, mask, self._pool.take(shown.shape, np.uint8))
            if isinstance(made, Mask):
                mask = made
            else:
                picture = made
        return picture, mask

    def edged(self, mask: Mask) -> Mask:
        """The mask as the last view sees it; for views that change nothing else (see :func:`is_edge`)."""
        for step in self._steps:
            changed = step(mask.frame.bgr, mask, _NOTHING)
            assert isinstance(changed, Mask)
            mask = changed
        return mask

    def close(self) -> None:
        """Gives back what views hold (open videos); it shows nothing afterwards. Closing it again does nothing."""
        steps = [*self._steps, *self._for_mirror]
        self._steps, self._for_mirror = [], []
        _close(steps)


def is_edge(name: str) -> bool:
    """Whether the view of that name changes the mask alone, and not the picture."""
    thing = _thing(name)
    return not inspect.isclass(thing) and get_type_hints(thing).get("return") is Mask


def for_live(name: str) -> bool:
    """Whether the view of that name shows something by itself, and in time for a camera."""
    return not is_edge(name) and getattr(VIEWS.get(name), "live", True)


#: The buffer of views that paint nothing.
_NOTHING: U8 = np.empty((0, 0, 3), np.uint8)


def _thing(name: str) -> Any:
    """The class or function of a view; InputError, UnknownNameError where there is none."""
    if name == ALPHA and ALPHA not in VIEWS.names():
        raise InputError(
            "the view alpha is for files that hold it: rtskin render INPUT OUTPUT.mov --view alpha (or .mkv, .webm); "
            "what is shown as it runs has no alpha: use cutout (before a colour, say cutout:background=00ff00) or matte"
        )
    return VIEWS.get(name)


def _steps(said: list[Said]) -> list[View]:
    """All of them, or none is left open."""
    made: list[View] = []
    try:
        for name, own in said:
            made.append(_step(name, own))
    except BaseException:
        _close(made)
        raise
    return made


def _close(steps: list[View]) -> None:
    for step in steps:
        close = getattr(step, "close", None)
        if close is not None:
            close()


def _finished(picture: U8 | None, mask: Mask) -> U8:
    return mask.frame.bgr if picture is None else picture


def _step(name: str, said: dict[str, str]) -> View:
    thing = _thing(name)
    arguments: dict[str, Any] = checked(name, thing, said)
    step: Any = thing(**arguments) if inspect.isclass(thing) else partial(thing, **arguments)
    return cast(View, step)


def _colored(picture: U8) -> U8:
    return picture if picture.ndim == 3 else cv2.cvtColor(picture, cv2.COLOR_GRAY2BGR)
