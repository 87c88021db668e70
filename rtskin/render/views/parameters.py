"""What can be said of a view: types of its arguments, and the check of what was said."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable, Mapping
from functools import cache
from typing import Annotated, Any, get_type_hints

from pydantic import BeforeValidator, Field, create_model

from rtskin.errors import InputError
from rtskin.node import NodeOptions, parse_options

#: Blue, green, red, each 0 … 255.
Bgr = tuple[int, int, int]


def parse_color(text: str) -> Bgr:
    """(blue, green, red) of "rrggbb" or "#rrggbb"."""
    match = re.fullmatch(r"#?([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})", text.strip())
    if match is None:
        raise InputError(f"{text!r} is not a colour; write red, green and blue as rrggbb, e.g. 00c850")
    red, green, blue = (int(part, 16) for part in match.groups())
    return blue, green, red


#: A colour, written rrggbb.
Color = Annotated[Bgr, BeforeValidator(lambda value: parse_color(value) if isinstance(value, str) else value)]
#: 0 … 1.
Share = Annotated[float, Field(ge=0, le=1)]
#: A length in pixels of the frame.
Pixels = Annotated[int, Field(ge=0, le=1000)]


def checked(name: str, thing: Callable[..., Any], said: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the view ``name`` with what was said of it. InputError for unknown ones, and values out of range."""
    options = parse_options(_model(thing), said, f"view {name}")
    return {key: getattr(options, key) for key in type(options).model_fields}


@cache
def _model(thing: Callable[..., Any]) -> type[NodeOptions]:
    """Its keyword-only arguments as fields."""
    function: Any = thing.__init__ if inspect.isclass(thing) else thing
    hints = get_type_hints(function, include_extras=True)
    fields: dict[str, Any] = {
        one.name: (hints.get(one.name, Any), ... if one.default is one.empty else one.default)
        for one in inspect.signature(function).parameters.values()
        if one.kind is one.KEYWORD_ONLY
    }
    return create_model("View", __base__=NodeOptions, **fields)
