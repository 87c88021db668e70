"""What is said of an input while it is rendered: once, though it is opened for every segment, and by each pass."""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager

from rtskin.capture.said import CUT_SHORT, LOST


class Told(logging.Filter):
    """Lets each message of a source through once. Where ``source`` ends too early, and how many of its frames cannot be
    decoded, is for the report in the end: each pass and each segment knows another part of that."""

    def __init__(self, source: str | None) -> None:
        super().__init__()
        self._source = None if source is None else os.path.abspath(source)
        self._said: set[tuple[object, str]] = set()
        #: Of ``source``: " (why): it ends after 1.20 s", and ", the first at 0.63 s"; empty where nobody has said so.
        self.cut = self.lost = ""

    def filter(self, record: logging.LogRecord) -> bool:
        """False for a message that is not to be shown."""
        if not record.name.startswith("rtskin.capture"):
            return True
        uri, text = getattr(record, "uri", None), record.getMessage()
        if self._source is not None and uri is not None and os.path.abspath(uri) == self._source:
            if record.msg == CUT_SHORT:
                self.cut = text.partition("is cut short")[2]
                return False
            if record.msg == LOST:
                self.lost = text.partition("cannot be decoded")[2]
                return False
        new = (uri, text) not in self._said
        self._said.add((uri, text))
        return new


@contextmanager
def said_once(source: str | None = None) -> Iterator[Told]:
    """Within it, messages go through a ``Told``. None: there is no report."""
    told, handlers = Told(source), list(logging.getLogger("rtskin").handlers)
    for handler in handlers:
        handler.addFilter(told)
    try:
        yield told
    finally:
        for handler in handlers:
            handler.removeFilter(told)
