"""Recipes that differ from another in a few keys: ``extends = "../other/recipe.toml"``, relative to the recipe's folder.

Tables are merged key by key, ``[[data]]`` and ``[[origins]]`` entry by entry by their ``name`` (in the order of the recipe
that is extended, new ones last); anything else replaces what was there. ``leave_out`` names sets of the other recipe that
this one goes without. The name is each recipe's own, so that no training is called as another is. Where a recipe gives
``steps`` or ``minutes``, the other's length does not count. What comes out has neither ``extends`` nor ``leave_out``:
trainings, checkpoints, packs, hashes and comparisons only ever see the whole.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, nearest

#: The keys that say what is extended, and which of its sets are not wanted.
KEY, WITHOUT = "extends", "leave_out"
_LENGTHS = frozenset({"steps", "minutes"})
#: Lists of tables that are known by their name.
_NAMED = ("data", "origins")
#: A key that each entry of theirs must have in the end.
_PROPER = "terms"


def read_whole(path: Path) -> dict[str, Any]:
    """The table in the file at ``path`` and in all that it extends, unchecked.

    InputError where one cannot be read or is no TOML, or where recipes extend each other in a circle.
    """
    return _read(path, ())


def _read(path: Path, before: tuple[Path, ...]) -> dict[str, Any]:
    if path.resolve() in (one.resolve() for one in before):
        raise InputError(f"recipes extend each other in a circle: {' → '.join(map(str, (*before, path)))}")
    table = _toml(path, before)
    other, without = table.pop(KEY, None), table.pop(WITHOUT, None)
    if other is None and without is None:
        return table
    if not isinstance(other, str) or not other:
        raise InputError(f'{path}: {KEY} is the path of one recipe, relative to this: {KEY} = "../other/recipe.toml"')
    base = _moved(_read(path.parent / other, (*before, path)), Path(other).parent)
    base.pop("name", None)
    if without is not None:
        base["data"] = _left(base.get("data"), without, f"{path}: {WITHOUT}")
    if _LENGTHS & table.keys():
        base = {key: value for key, value in base.items() if key not in _LENGTHS}
    named = {
        key: _by_name(base[key], table[key], f"{path}: {other} has no [[{key}]]")
        for key in _NAMED
        if _are_lists(base.get(key), table.get(key))
    }
    return {**_merged(base, table), **named}


def _toml(path: Path, before: tuple[Path, ...]) -> dict[str, Any]:
    which = f"the recipe {path}" + (f", which {before[-1]} extends," if before else "")
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{which} cannot be read ({error.strerror})") from error
    except ValueError as error:
        raise InputError(f"{which} is not TOML: {error}") from error


def _moved(table: dict[str, Any], folder: Path) -> dict[str, Any]:
    """The table with its paths (weights, teachers), which are relative to ``folder``, as seen from where that is."""
    net, distil = table.get("net"), table.get("distil")
    if isinstance(net, dict) and isinstance(net.get("init"), str) and net["init"]:
        table = {**table, "net": {**net, "init": str(folder / net["init"])}}
    if isinstance(distil, dict) and isinstance(distil.get("teachers"), list):
        table = {**table, "distil": {**distil, "teachers": [str(folder / str(one)) for one in distil["teachers"]]}}
    return table


def _left(sets: Any, without: Any, where: str) -> Any:
    """The sets but those of these names; InputError where there is no such."""
    if not _are_lists(sets, without):
        raise InputError(f"{where} is a list of names of sets that the other recipe has")
    known = [str(_name(entry)) for entry in sets]
    for name in without:
        if name not in known:
            raise InputError(f"{where}: there is no set {name!r} to leave out{nearest(str(name), known)}")
    return [entry for entry in sets if _name(entry) not in without]


def _merged(base: Mapping[str, Any], table: Mapping[str, Any]) -> dict[str, Any]:
    both = {
        key: _merged(base[key], value)
        for key, value in table.items()
        if isinstance(value, dict) and isinstance(base.get(key), dict)
    }
    return {**base, **table, **both}


def _are_lists(*values: Any) -> bool:
    return all(isinstance(value, list) for value in values)


def _by_name(base: list[Any], own: list[Any], lack: str) -> list[Any]:
    """Entries of ``base``, each with what the first of ``own`` with its name says, and the rest of ``own``; InputError,
    which begins with ``lack``, where one of these can only be meant to change an entry that there is not."""
    rest, found = list(own), []
    for entry in base:
        mine = next((one for one in rest if _name(one) is not None and _name(one) == _name(entry)), None)
        if mine is not None:
            rest.remove(mine)
        found.append(entry if mine is None else _merged(entry, mine))
    known = [str(_name(entry)) for entry in base]
    for name in (_name(entry) for entry in rest if isinstance(entry, dict) and _PROPER not in entry):
        if isinstance(name, str) and name not in known:
            raise InputError(
                f"{lack} called {name!r}{nearest(name, known)} (a new one says all that it needs, its terms too)"
            )
    return found + rest


def _name(entry: Any) -> Any:
    return entry.get("name") if isinstance(entry, dict) else None
