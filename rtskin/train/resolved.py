"""A recipe after it was read and checked: plain tables with attributes, for machines without pydantic.

:mod:`rtskin.train.recipe` reads TOML, checks it and fills in defaults; that needs pydantic. What it made travels as JSON
(in checkpoints and packs) and is all that a training uses, so here the same names work without it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from rtskin.train.recipe import Recipe


class Derived:
    """What follows from the fields of a recipe."""

    @property
    def live_shapes(self: Any) -> list[tuple[int, int]]:
        """(width, height) of the inputs; a picture takes the one whose aspect is nearest."""
        return self.shapes or [(self.size, self.size)]

    @property
    def net_options(self: Any) -> dict[str, Any]:
        """What the architecture is built with: [net.options], and what other tables say of its inputs and outputs."""
        channels = {"channels": 4} if self.prior.use else {}
        classes = {"classes": len(self.classes.names)} if len(self.classes.names) > 1 else {}
        return {**self.net.options, **channels, **classes}

    @property
    def ships(self: Any) -> bool:
        """May the weights be given to others."""
        return all(part.ship for part in (*self.data, *self.origins))


class Table(dict[str, Any]):
    """A table whose keys are attributes too; what a list of numbers was is a tuple."""

    def __init__(self, table: dict[str, Any]) -> None:
        super().__init__((key, _plain(value)) for key, value in table.items())

    def __getattr__(self, key: str) -> Any:
        try:
            return self[key]
        except KeyError:
            raise AttributeError(key) from None


class Resolved(Derived, Table):
    """Stands for a :class:`~rtskin.train.recipe.Recipe`, with as much of its methods as a training uses."""

    def model_dump(self, mode: str = "json") -> dict[str, Any]:
        """The tables, as JSON has them (whatever the mode)."""
        return cast(dict[str, Any], json.loads(self.model_dump_json()))

    def model_dump_json(self) -> str:
        """The recipe as JSON."""
        return json.dumps(self)

    def model_copy(self, *, update: dict[str, Any]) -> Resolved:
        """The recipe with other values for some keys; they are not checked."""
        return Resolved({**self, **update})


def resolved(text: str) -> Recipe:
    """The recipe in JSON that :meth:`Recipe.model_dump_json` wrote."""
    return cast("Recipe", Resolved(json.loads(text)))


def completed(table: dict[str, Any]) -> dict[str, Any]:
    """The tables of an older recipe with the defaults of keys that it does not know, as JSON has them.

    Without pydantic they come back as they are: what runs there was made by the same version.
    """
    try:
        from rtskin.train.recipe import parse
    except ImportError:
        return table
    return parse(table).model_dump(mode="json")


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return Table(value)
    if isinstance(value, list | tuple):
        numbers = bool(value) and all(isinstance(part, int | float) for part in value)
        return tuple(value) if numbers else [_plain(part) for part in value]
    return value
