"""Changes to a recipe from outside: KEY=VALUE, as ``--set`` and the ablation give them."""

from __future__ import annotations

import copy
import re
import tomllib
from collections.abc import Sequence
from typing import Any

from rtskin.errors import InputError, nearest

#: What is taken for a string though it has no quotation marks: a name or a path.
_WORD = re.compile(r"[A-Za-z_./][\w./-]*")


def overridden(table: dict[str, Any], settings: Sequence[str]) -> dict[str, Any]:
    """A recipe's table with each of ``settings`` in it. That its keys are known is checked where the table is parsed.

    ``loss.focal=1`` sets a key of a table, ``data.people.weight=0.2`` one of the data set of that name, and
    ``data.people=false`` leaves the set out. Values are TOML; a name needs no quotation marks. InputError: not of this form,
    no such set.
    """
    table = copy.deepcopy(table)
    for setting in settings:
        key, equals, value = setting.partition("=")
        places = [part.strip() for part in key.split(".")]
        if not equals or not all(places):
            raise InputError(f"--set {setting}: give KEY=VALUE, as in loss.focal=1")
        if places[0] == "data":
            _set_data(table, places[1:], _value(setting, value), setting)
        else:
            _set(table, places, _value(setting, value), setting)
    return table


def _set(table: dict[str, Any], places: Sequence[str], value: Any, setting: str) -> None:
    for place in places[:-1]:
        table = table.setdefault(place, {})
        if not isinstance(table, dict):
            raise InputError(f"--set {setting}: {place} is no table")
    table[places[-1]] = value


def _set_data(table: dict[str, Any], places: Sequence[str], value: Any, setting: str) -> None:
    sets: list[dict[str, Any]] = table.get("data", [])
    named = {str(part.get("name")): part for part in sets}
    if not places or places[0] not in named:
        which = places[0] if places else ""
        raise InputError(f"--set {setting}: there is no data set {which!r}{nearest(which, named)}")
    if len(places) > 1:
        _set(named[places[0]], places[1:], value, setting)
    elif value is False:
        sets.remove(named[places[0]])
    else:
        raise InputError(f"--set {setting}: a data set is left out by false; or set one of its keys")


def _value(setting: str, text: str) -> Any:
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError as error:
        if _WORD.fullmatch(text.strip()):
            return text.strip()
        raise InputError(f"--set {setting}: {text!r} is no value as TOML has them ({error})") from error
