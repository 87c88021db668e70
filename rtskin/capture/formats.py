"""What a camera offers: pixel formats, sizes and rates, as v4l2-ctl lists them."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass

_FORMAT = re.compile(r"\s*\[\d+\]: '(\w+)\s*'")
_SIZE = re.compile(r"\s*Size: \w+ (\d+)x(\d+)")
_RATE = re.compile(r"\s*Interval: .*\(([\d.]+) fps\)")
#: A device that hangs does not hold the list up.
_PATIENCE = 5.0


@dataclass(frozen=True, slots=True)
class Format:
    """code: of the pixels, four letters. width, height: pixels. rates: frames a second, fastest first."""

    code: str
    width: int
    height: int
    rates: tuple[float, ...]


def list_formats(path: str) -> list[Format] | None:
    """What the device at ``path`` offers, largest first; None where the program v4l2-ctl is missing, or it cannot say."""
    if shutil.which("v4l2-ctl") is None:
        return None
    try:
        done = subprocess.run(
            ["v4l2-ctl", "--list-formats-ext", "-d", path],
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=True,
        )
    except (subprocess.SubprocessError, OSError):
        return None
    return parse_formats(done.stdout)


def parse_formats(text: str) -> list[Format]:
    """From what ``v4l2-ctl --list-formats-ext`` prints."""
    found: dict[tuple[str, int, int], set[float]] = {}
    code, key = "", None
    for line in text.splitlines():
        if match := _FORMAT.match(line):
            code, key = match[1], None
        elif match := _SIZE.match(line):
            key = (code, int(match[1]), int(match[2]))
            found.setdefault(key, set())
        elif (match := _RATE.match(line)) and key is not None:
            found[key].add(float(match[1]))
    formats = [Format(*key, tuple(sorted(rates, reverse=True))) for key, rates in found.items()]
    return sorted(formats, key=lambda one: (-one.width * one.height, one.code))
