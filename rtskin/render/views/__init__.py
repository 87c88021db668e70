"""Views: what a mask is made visible as.

A view is ``view(frame, mask, out, settings) -> picture``. ``out`` is a buffer of the frame's size (uint8 H×W×3) that the
view may fill and return; it may as well return another finished picture (uint8 H×W×3 or H×W). It must not write into
``frame.bgr`` or ``mask.data``. Others register theirs: ``@VIEWS.register("my-view")``. A view that draws ``mask.regions``
says so (:func:`draws_regions`): they are looked for only while such a view is shown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass

from rtskin.errors import InputError
from rtskin.frame import U8, Frame, Mask

Bgr = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class ViewSettings:
    """How views look. Colours are (blue, green, red), 0 … 255.

    color, alpha: of the tint; alpha 0 … 1 is its opacity where the mask is full. contour: draw a line around the skin.
    background: what a cutout shows where there is no skin.
    """

    color: Bgr = (80, 200, 0)
    alpha: float = 0.5
    contour: bool = True
    background: Bgr = (0, 0, 0)


View = Callable[[Frame, Mask, U8, ViewSettings], U8]


def draws_regions(view: View) -> View:
    """Decorator: the view needs ``mask.regions``."""
    view.draws_regions = True  # type: ignore[attr-defined]
    return view


def needs_regions(view: View) -> bool:
    """Whether somebody must have looked for the mask's regions before it comes to this view."""
    return bool(getattr(view, "draws_regions", False))


def parse_color(text: str) -> Bgr:
    """(blue, green, red) of "rrggbb" or "#rrggbb"."""
    match = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a colour; write red, green and blue as rrggbb, e.g. 00c850")
    red, green, blue = (int(part, 16) for part in match.groups())
    return blue, green, red
