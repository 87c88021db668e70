"""What must not be shared between threads, such as a buffer that a runtime writes its answer to: made once a thread."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")


class PerThread(Generic[K, T]):
    """``PerThread(make)(key)``: what ``make(key)`` gave when this thread asked for the key first."""

    def __init__(self, make: Callable[[K], T]) -> None:
        self._make = make
        self._local: Any = threading.local()

    def __call__(self, key: K) -> T:
        try:
            made: dict[K, T] = self._local.made
        except AttributeError:
            made = self._local.made = {}
        if key not in made:
            made[key] = self._make(key)
        return made[key]

    def clear(self) -> None:
        """Let go of everything, in all threads."""
        self._local = threading.local()
