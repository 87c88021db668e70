"""What is said of an input while it is rendered: once, though it is opened for every segment, and by each pass."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from rtskin.capture.file import CUT_SHORT


@contextmanager
def said_once() -> Iterator[None]:
    """Within it, the same message of a source is not shown again, and that it is cut short is left to the report, which
    knows it whoever found it."""
    once = _Once()
    handlers = list(logging.getLogger("rtskin").handlers)
    for handler in handlers:
        handler.addFilter(once)
    try:
        yield
    finally:
        for handler in handlers:
            handler.removeFilter(once)


class _Once(logging.Filter):
    def __init__(self) -> None:
        super().__init__()
        self._said: set[str] = set()

    def filter(self, record: logging.LogRecord) -> bool:
        if not record.name.startswith("rtskin.capture"):
            return True
        text = record.getMessage()
        new = text not in self._said and record.msg != CUT_SHORT
        self._said.add(text)
        return new
