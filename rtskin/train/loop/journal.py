"""log.jsonl: what happened in a training, a line each, kept through kills and resumptions."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Any

from rtskin.errors import InputError, SinkError

NAME = "log.jsonl"


class Journal:
    """The log in the folder ``out``, which may be there already."""

    def __init__(self, out: Path) -> None:
        self.path = out / NAME

    def write(self, entry: dict[str, Any]) -> None:
        """Add a line, with the time; SinkError where that is impossible."""
        try:
            with open(self.path, "a", encoding="utf-8") as file:
                file.write(json.dumps({"time": round(time.time(), 1), **entry}) + "\n")
        except OSError as error:
            raise SinkError(f"{self.path} cannot be written ({error.strerror}); make room") from error


def read(out: Path) -> list[dict[str, Any]]:
    """Entries with losses, by step. What a resumed training did again is there once, as it was done last.

    InputError where there is no log. A last line that a kill cut off is left out.
    """
    try:
        lines = (out / NAME).read_text("utf-8").splitlines()
    except OSError as error:
        raise InputError(f"{out} holds no training: {out / NAME} cannot be read ({error.strerror})") from error
    entries: dict[tuple[int, bool], dict[str, Any]] = {}
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if "loss" in entry:
            # A step that is done again undoes what came after it.
            entries = {key: value for key, value in entries.items() if key[0] <= entry["step"]}
            entries[entry["step"], "kept_out" in entry] = entry
    return [entries[key] for key in sorted(entries)]
