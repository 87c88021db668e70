"""Waiting for other threads and programs: so many looks, however long they take."""

from __future__ import annotations

import time
from collections.abc import Callable


def until(condition: Callable[[], bool]) -> None:
    """Until it is so; AssertionError after some half a minute."""
    for _ in range(60_000):
        if condition():
            return
        time.sleep(0.0005)
    raise AssertionError("it did not happen")
