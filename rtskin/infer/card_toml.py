"""Writing a card, or a recipe, as readable TOML: plain values first, then one table after the other."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from rtskin.errors import InputError


def dumps(table: Mapping[str, Any], arrays: Collection[str] = ()) -> str:
    """TOML of nested tables of strings, numbers, booleans and lists of these and of tables; InputError for anything else.

    arrays: keys of ``table`` whose lists of tables are written as [[key]] at the end, not on one line.
    """
    lines = _lines({key: value for key, value in table.items() if key not in arrays}, ())
    for key in arrays:
        for entry in table.get(key, ()):
            lines += ["", f"[[{_key(key)}]]", *(f"{_key(name)} = {_value(item, name)}" for name, item in entry.items())]
    return "\n".join(lines).strip() + "\n"


def _lines(table: Mapping[str, Any], path: tuple[str, ...]) -> list[str]:
    plain = {key: value for key, value in table.items() if not isinstance(value, Mapping)}
    lines = [f"{_key(key)} = {_value(value, key)}" for key, value in plain.items()]
    if path and (lines or not table):
        lines = ["", f"[{'.'.join(map(_key, path))}]", *lines]
    for key, value in table.items():
        if isinstance(value, Mapping):
            lines += _lines(value, (*path, key))
    return lines


def _key(key: str) -> str:
    return key if re.fullmatch("[A-Za-z0-9_-]+", key) else _text(key)


def _value(value: Any, key: str) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        return _text(value)
    if isinstance(value, int | float):
        return repr(value)  # inf and nan are TOML's words too
    if isinstance(value, Mapping):  # in a list: on one line
        return f"{{ {', '.join(f'{_key(name)} = {_value(item, key)}' for name, item in value.items())} }}"
    if isinstance(value, Sequence):
        return f"[{', '.join(_value(item, key) for item in value)}]"
    raise InputError(f"{key}: a {type(value).__name__} cannot be written as TOML")


def _text(text: str) -> str:
    # A JSON string is a TOML string, but for DEL, which TOML wants escaped.
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
