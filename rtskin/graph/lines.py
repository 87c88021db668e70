"""Where the keys of a TOML file stand, so that an error can name the line (tomllib does not tell)."""

from __future__ import annotations

import re
from pathlib import Path

from rtskin.errors import GraphSpecError, InputError

_TABLE = re.compile(r"^\s*\[+\s*([^\]]+?)\s*\]+")
_KEY = re.compile(r"^\s*([\w.\-\"]+)\s*=")
_QUOTED = re.compile(r"'([^']+)'")


class LineIndex:
    """Knows for every line of a TOML file which dotted key it belongs to ("nodes.infer.model")."""

    def __init__(self, path: Path, text: str) -> None:
        self._path = path
        self._lines: list[tuple[int, str, str]] = []
        table, key = "", ""
        for number, line in enumerate(text.splitlines(), start=1):
            if match := _TABLE.match(line):
                table = key = match.group(1).replace('"', "")
            elif match := _KEY.match(line):
                key = f"{table}.{match.group(1)}".strip(".").replace('"', "")
            self._lines.append((number, key, line))

    def placed(self, error: InputError) -> InputError:
        """The same complaint with ``file:line:`` before it, as a GraphSpecError."""
        line = self.line_of(error.key, str(error)) if error.key else None
        return GraphSpecError(f"{self._path}:{line}: {error}" if line else f"{self._path}: {error}")

    def line_of(self, key: str, message: str) -> int | None:
        """The line of a key, or of the nearest table above it; of several, the one with most of what the message quotes."""
        while key:
            block = [(number, text) for number, at, text in self._lines if at == key or at.startswith(f"{key}.")]
            if block:
                quoted = _QUOTED.findall(message)
                return max(block, key=lambda line: sum(name in line[1] for name in quoted))[0]
            key = key.rpartition(".")[0]
        return None
