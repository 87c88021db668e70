"""What a file is to show: edges of the mask first, then a view."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from rtskin.errors import InputError, UnknownNameError
from rtskin.registry import VIEWS
from rtskin.render.outputs.formats import Kind
from rtskin.render.views.chain import ALPHA, is_edge
from rtskin.render.views.parameters import checked
from rtskin.render.views.text import Said, parse_views

#: Those that are painted in the source's own pixel format.
_NATIVE = ("matte", "overlay", "cutout")


@dataclass(frozen=True, slots=True)
class Shown:
    """edges: views that change the mask alone, the first ones. views: the others. native: the name of the only view, where
    it is painted in the source's own pixel format, with its ``arguments``."""

    edges: list[Said]
    views: list[Said]
    native: str | None
    arguments: dict[str, Any]

    @property
    def kind(self) -> Kind:
        """What it is to a file."""
        if self.native == ALPHA:
            return "alpha"
        return "matte" if self.views[-1:] and self.views[-1][0] == "matte" else "picture"


def shown_by(text: str) -> Shown:
    """Of a view as it is written; InputError, UnknownNameError say what is wrong with it. Nothing is opened."""
    said = parse_views(text)
    for name, own in said:
        if name == ALPHA:
            _check_alpha(name, own)
        elif name not in VIEWS.names():
            raise UnknownNameError("view", name, view_names())
        else:
            checked(name, VIEWS.get(name), own)
    first = next((at for at, (name, _) in enumerate(said) if name == ALPHA or not is_edge(name)), len(said))
    edges, views = said[:first], said[first:]
    if ALPHA in [name for name, _ in views[1:]] or (len(views) > 1 and views[0][0] == ALPHA):
        raise InputError(
            f"alpha holds the picture as it is: before it there may be feather, step and guided only, not {text!r}"
        )
    return Shown(edges, views, *_native(views))


def view_names() -> list[str]:
    """All views that an output can show."""
    return sorted({*VIEWS.names(), ALPHA})


def _native(views: list[Said]) -> tuple[str | None, dict[str, Any]]:
    if len(views) != 1:
        return None, {}
    [(name, own)] = views
    if name == ALPHA:
        return ALPHA, {}
    if name not in _NATIVE:
        return None, {}
    arguments = checked(name, VIEWS.get(name), own)
    # Colours are transferred in BGR.
    return (None, {}) if arguments.get("transfer") else (name, arguments)


def _check_alpha(name: str, said: dict[str, str]) -> None:
    if said:
        raise InputError(f"view {name} has no option {next(iter(said))!r}")
