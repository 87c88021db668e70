"""Views: what a mask is made visible as.

A view is a function ``view(picture, mask, out) -> picture``. ``picture`` is what is shown so far, uint8 H×W×3 (BGR): the
frame's own pixels, or what the view before it made (``mask.frame`` is the frame). ``out`` is a buffer of that size that the
view may fill and return; it may as well return another finished picture (uint8 H×W×3 or H×W), ``picture`` itself, or a Mask:
then the views after it see that one. It must not write into ``picture`` or ``mask.data``.

Its keyword-only arguments are what a user may say of it, checked by their annotations. Others add theirs::

    @rtskin.view("negative")
    def negative(picture, mask, out, *, strength: Share = 1.0):
        ...

and use them as any other: ``--view negative:strength=0.5+overlay``. A view that remembers something from frame to frame is
a class with these arguments in ``__init__`` and the same call; what it holds it gives back in ``close``, which is called
once. A view that draws ``mask.regions`` says so (:func:`draws_regions`): they are looked for only while such a view is
shown; so does one that writes words (:func:`unmirrored`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, TypeVar

from rtskin.frame import U8, Mask
from rtskin.registry import VIEWS
from rtskin.render.views.parameters import Bgr, Color, Pixels, Share, parse_color

__all__ = [
    "Bgr",
    "Color",
    "Pixels",
    "Share",
    "View",
    "draws_regions",
    "needs_regions",
    "parse_color",
    "unmirrored",
    "view",
]

T = TypeVar("T", bound=Callable[..., Any])


class View(Protocol):
    """One step: a picture and a mask become a picture, or another mask."""

    def __call__(self, picture: U8, mask: Mask, out: U8) -> U8 | Mask: ...


def view(name: str) -> Callable[[T], T]:
    """Decorator: a function or class becomes the view of that name. A name can be taken once."""
    return VIEWS.register(name)


def draws_regions(view: T) -> T:
    """Decorator: the view needs ``mask.regions``."""
    view.draws_regions = True  # type: ignore[attr-defined]
    return view


def unmirrored(view: T) -> T:
    """Decorator: what the view paints has a left and a right of its own (words, panels side by side): where it is seen in a
    mirror, it paints on the mirrored frame instead."""
    view.unmirrored = True  # type: ignore[attr-defined]
    return view


def needs_regions(view: Any) -> bool:
    """Whether somebody must have looked for the mask's regions before it comes to this view."""
    return bool(getattr(view, "draws_regions", False))
