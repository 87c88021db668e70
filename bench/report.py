"""Tables of benchmarks: printed, and put into bench/README.md between the marks of their script."""

from __future__ import annotations

import os
import platform
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from rtskin.infer.runtimes.machine import described

__all__ = ["Cell", "described", "machine", "markdown", "publish"]

README = Path(__file__).with_name("README.md")


@dataclass(frozen=True)
class Cell:
    """A figure as text. met: is what was to be reached; None where nothing is asked of it."""

    text: str
    met: bool | None = None

    def __str__(self) -> str:
        return f"**{self.text}**" if self.met is False else self.text


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table."""
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(str(cell) for cell in line) + " |" for line in lines)


def machine() -> str:
    """What the figures were measured on."""
    return f"{os.cpu_count()} cores of {described()}, Python {platform.python_version()}, {datetime.now(UTC):%Y-%m-%d}"


def publish(name: str, text: str) -> None:
    """Print a section, and replace what stands in bench/README.md between its marks."""
    print(text)
    begin, end = f"<!-- {name} begin -->", f"<!-- {name} end -->"
    page = README.read_text("utf-8") if README.exists() else ""
    section = f"{begin}\n{text}\n{end}"
    if begin in page:
        page = re.sub(re.escape(begin) + ".*?" + re.escape(end), lambda match: section, page, flags=re.DOTALL)
    else:
        page = f"{page.rstrip()}\n\n{section}\n"
    README.write_text(page, "utf-8")
