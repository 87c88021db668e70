"""Options that several verbs take, written down once: as the fields of a dataclass."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import MISSING, fields, is_dataclass
from typing import Any, get_type_hints

from typer import Typer


def add(app: Typer, name: str, verb: Callable[..., None]) -> None:
    """Add a verb of which a parameter may be a dataclass: its fields are options of the command line, each annotated as
    typer wants it, and the verb gets them as one object."""
    app.command(name)(_spread(verb))


def _spread(verb: Callable[..., None]) -> Callable[..., None]:
    """The verb with each such parameter replaced by the fields."""
    groups: dict[str, type] = {}
    parameters: list[inspect.Parameter] = []
    hints = get_type_hints(verb, include_extras=True)
    for parameter in inspect.signature(verb).parameters.values():
        kind = hints[parameter.name]
        if isinstance(kind, type) and is_dataclass(kind):
            groups[parameter.name] = kind
            parameters += _parameters(kind)
        else:
            parameters.append(parameter.replace(annotation=kind, kind=inspect.Parameter.KEYWORD_ONLY))

    @functools.wraps(verb)
    def command(**values: Any) -> None:
        for name, kind in groups.items():
            values[name] = kind(**{parameter.name: values.pop(parameter.name) for parameter in _parameters(kind)})
        verb(**values)

    command.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    command.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters}
    return command


def _parameters(kind: type) -> list[inspect.Parameter]:
    hints = get_type_hints(kind, include_extras=True)
    return [
        inspect.Parameter(
            field.name,
            inspect.Parameter.KEYWORD_ONLY,
            default=inspect.Parameter.empty if field.default is MISSING else field.default,
            annotation=hints[field.name],
        )
        for field in fields(kind)
    ]
