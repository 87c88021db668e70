"""How views are written: ``smooth-skin:strength=0.6+overlay:color=00ff88,alpha=0.4``."""

from __future__ import annotations

import re

from rtskin.errors import InputError

_NAME = re.compile(r"[^\s:+,=\"]+")
_KEY = re.compile(r"\s*([A-Za-z_][\w-]*)\s*=")
#: As it is up to the next mark, or anything in double quotes, where two of them are one.
_VALUE = re.compile(r'\s*(?:"((?:[^"]|"")*)"|([^,+"]*))')
#: What a value can hold in quotes only.
_MARKS = set(',+"')

#: Name of a view, and what is said of it.
Said = tuple[str, dict[str, str]]


def parse_views(text: str) -> list[Said]:
    """The views in a text, each with its arguments. InputError shows where it cannot be read.

    Views are joined by ``+``, arguments follow a colon and are parted by commas; a value with a comma, a plus or a double
    quote in it is put in double quotes, and a double quote in there is written twice.
    """
    found: list[Said] = []
    at = 0
    while True:
        name, at = _name(text, at)
        arguments: dict[str, str] = {}
        mark = text[at : at + 1]
        while mark == ":" or (mark == "," and arguments):
            key, value, at = _argument(text, at + 1)
            if key in arguments:
                raise _wrong(text, f"{key} is said twice")
            arguments[key] = value
            mark = text[at : at + 1]
        found.append((name, arguments))
        if not mark:
            return found
        if mark != "+":
            raise _wrong(text, f"{mark!r} after {text[:at]!r} says nothing")
        at += 1


def write_views(said: list[Said]) -> str:
    """The text that :func:`parse_views` reads so."""
    return "+".join(name + _written(arguments) for name, arguments in said)


def _written(arguments: dict[str, str]) -> str:
    pairs = [f"{key}={_quoted(value)}" for key, value in arguments.items()]
    return f":{','.join(pairs)}" if pairs else ""


def _quoted(value: str) -> str:
    """As it is, or in quotes where it would be read otherwise."""
    if not set(value) & _MARKS and value == value.strip():
        return value
    doubled = value.replace('"', '""')
    return f'"{doubled}"'


def _name(text: str, at: int) -> tuple[str, int]:
    while text[at : at + 1].isspace():
        at += 1
    match = _NAME.match(text, at)
    if match is None:
        raise _wrong(text, "the name of a view is missing" if at else "it names no view")
    end = match.end()
    while text[end : end + 1].isspace():
        end += 1
    return match.group(), end


def _argument(text: str, at: int) -> tuple[str, str, int]:
    key = _KEY.match(text, at)
    if key is None:
        raise _wrong(text, f"a name and = are missing before {text[at:]!r}")
    value = _VALUE.match(text, key.end())
    assert value is not None, "it matches the empty text"
    quoted, plain = value.groups()
    said = plain.strip() if quoted is None else quoted.replace('""', '"')
    return key[1].replace("-", "_"), said, _after_spaces(text, value.end())


def _after_spaces(text: str, at: int) -> int:
    while text[at : at + 1].isspace():
        at += 1
    return at


def _wrong(text: str, why: str) -> InputError:
    return InputError(f"cannot read the view {text!r}: {why}; write e.g. smooth-skin+overlay:color=00ff88,alpha=0.4")
