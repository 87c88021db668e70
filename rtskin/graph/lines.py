"""Where the keys of a TOML file stand, so that an error can name the line (tomllib does not tell)."""

from __future__ import annotations

import re
from pathlib import Path

from rtskin.errors import GraphSpecError, RtskinError

_TABLE = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"^\s*([\w.\-\"]+)\s*=")
_QUOTED = re.compile(r"'([^']+)'")


class LineIndex:
    """Finds the line that an error message speaks of by the names it quotes."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines: list[tuple[int, set[str], str]] = []
        table: list[str] = []
        for number, line in enumerate(text.splitlines(), start=1):
            if match := _TABLE.match(line):
                table = match.group(1).replace('"', "").split(".")
                self._lines.append((number, set(table), line))
            elif match := _KEY.match(line):
                key = match.group(1).replace('"', "")
                self._lines.append((number, {*table, *key.split("."), ".".join([*table, key])}, line))
            else:
                self._lines.append((number, set(), line))

    def placed(self, error: RtskinError) -> RtskinError:
        """The same complaint with ``file:line:`` before it, as a GraphSpecError."""
        line = self.line_of(str(error))
        where = f"{self._path}:{line}" if line else str(self._path)
        return GraphSpecError(f"{where}: {error}")

    def line_of(self, message: str) -> int | None:
        """The line that holds most of what the message quotes; the first of equals, None where nothing fits."""
        quoted = [name.split(".")[-1] for name in _QUOTED.findall(message)]
        best, line = 0, None
        for number, keys, text in self._lines:
            hits = sum(2 * (name in keys) + (name in text) for name in quoted)
            if hits > best:
                best, line = hits, number
        return line
