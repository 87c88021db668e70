"""Something that is used by threads, and may be exchanged for another at any moment."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Generic, Protocol, TypeVar


class Closes(Protocol):
    """Holds something that it gives back in ``close``."""

    def close(self) -> None: ...


T = TypeVar("T", bound=Closes)


class Exchange(Generic[T]):
    """The thing of this moment. One that was exchanged is closed exactly once: at once, or when the last one that still uses
    it is done; so is the newest by :meth:`close`, and what comes after that."""

    def __init__(self, thing: T) -> None:
        self._lock = threading.Lock()
        self._held = _Held(thing)
        self._ended = False

    @property
    def newest(self) -> T:
        """For a look at it; it may be closed by the time."""
        return self._held.thing

    @contextmanager
    def using(self) -> Iterator[T]:
        """It stays open inside the ``with``."""
        with self._lock:
            held = self._held
            held.users += 1
        try:
            yield held.thing
        finally:
            self._settle(held, left=1)

    def put(self, thing: T) -> None:
        """From now on that one."""
        with self._lock:
            before, self._held = self._held, _Held(thing, retired=self._ended)
            before.retired = True
        self._settle(before)
        self._settle(self._held)

    def close(self) -> None:
        """Nobody will use it any more."""
        with self._lock:
            self._ended = self._held.retired = True
        self._settle(self._held)

    def _settle(self, held: _Held[T], left: int = 0) -> None:
        with self._lock:
            held.users -= left
            due = held.retired and not held.users and not held.closed
            held.closed = held.closed or due
        if due:
            held.thing.close()


class _Held(Generic[T]):
    def __init__(self, thing: T, retired: bool = False) -> None:
        self.thing, self.users = thing, 0
        self.retired, self.closed = retired, False
