"""The option --background: what the cutouts that are asked for stand before."""

from __future__ import annotations

from collections.abc import Sequence

from rtskin.errors import InputError
from rtskin.render.views.backdrop import backdrop_of, behind


def before(background: str, views: Sequence[str]) -> list[str]:
    """The views, the last cutout of each before that background; those that cut nothing out stay as they are.

    InputError where it is no background, or none of them cuts anything out.
    """
    try:
        backdrop_of(background)
    except InputError as error:
        raise InputError(f"--background: {error}") from None
    found = [behind(background, view) for view in views]
    if not any(found):
        raise InputError("--background is what a cutout stands before; add --view cutout")
    return [new or view for new, view in zip(found, views, strict=True)]
