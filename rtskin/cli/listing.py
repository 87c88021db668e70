"""Tables of names, to be read and to be copied from."""

from __future__ import annotations

import sys

from rich.console import Console
from rich.table import Table

_WIDE = 200


def print_listing(table: Table) -> None:
    """Rich takes what is no terminal for one of 80 columns, and would shorten names there that are to be copied."""
    Console(width=None if sys.stdout.isatty() else _WIDE).print(table)
