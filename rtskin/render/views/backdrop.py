"""What a cutout stands before: a colour, or an image or a video."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from pydantic import BeforeValidator

from rtskin.errors import InputError
from rtskin.render.views.parameters import Bgr, parse_color
from rtskin.render.views.text import parse_views, write_views

#: The views that stand before something.
CUTOUTS = ("cutout", "seamless-clone")


def backdrop_of(text: str | Path | Bgr) -> Bgr | Path:
    """What is written there, by one rule everywhere: what reads as a colour (rrggbb, #rrggbb) is that colour, anything else
    is the path of a file. A file whose name reads as a colour is written with its folder: ``./c0ffee``.

    InputError for what is neither a colour nor a file that is there.
    """
    if isinstance(text, tuple):
        return text
    if isinstance(text, str) and (color := color_or_none(text)) is not None:
        return color
    if not Path(text).is_file():
        raise InputError(f"{text} is neither a colour (rrggbb) nor an image or video that is there")
    return Path(text)


def color_or_none(text: str) -> Bgr | None:
    """The colour that is written there; None where it is none."""
    try:
        return parse_color(text)
    except InputError:
        return None


def behind(background: str, view: str) -> str | None:
    """The views that are written there, the last cutout among them before that background; None: they cut nothing out."""
    said = parse_views(view)
    cutouts = [arguments for name, arguments in said if name in CUTOUTS]
    if not cutouts:
        return None
    cutouts[-1]["background"] = background
    return write_views(said)


#: A view's argument that is one.
Backdrop = Annotated[Bgr | Path, BeforeValidator(backdrop_of)]
