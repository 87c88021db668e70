"""Reading beside: a thread that reads a source which cannot be interrupted, and hands on what it has read."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Generator
from typing import Generic, TypeVar

T = TypeVar("T")


class Pump(Generic[T]):
    """Runs a generator in a thread of its own and keeps a few of its items ready.

    keep: items kept at most. drop: when there are so many, the oldest goes (and is counted in ``dropped``); else the
    thread waits until there is room. The generator is closed in that thread, so what it opened it can give back.
    """

    def __init__(self, name: str, items: Generator[T, None, None], *, keep: int, drop: bool) -> None:
        self._items, self._keep, self._drop = items, keep, drop
        self._ready: deque[T] = deque()
        self._change = threading.Condition()
        self._ended = self._stopped = False
        self._error: BaseException | None = None
        self.dropped = 0
        # A daemon: where a device or server is stuck, the process may still end.
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._thread.start()

    def take(self, timeout: float | None = None) -> T | None:
        """The next item, waiting for it; None at the end and after ``stop``; raises what the generator raised.

        TimeoutError where there is none within ``timeout`` seconds.
        """
        with self._change:
            there = self._change.wait_for(lambda: self._ready or self._ended or self._stopped, timeout)
            if self._stopped:
                return None
            if not there:
                raise TimeoutError
            if self._ready:
                item = self._ready.popleft()
                self._change.notify_all()
                return item
            if self._error is not None:
                error, self._error = self._error, None
                raise error
            return None

    def stop(self) -> None:
        """Makes ``take`` return None at once, and the thread end as soon as its read returns."""
        with self._change:
            self._stopped = True
            self._ready.clear()
            self._change.notify_all()

    def join(self, timeout: float) -> bool:
        """Waits for the thread; False if it is still inside a read."""
        self._thread.join(timeout)
        return not self._thread.is_alive()

    @property
    def alive(self) -> bool:
        """Whether its thread has not ended."""
        return self._thread.is_alive()

    def _run(self) -> None:
        try:
            for item in self._items:
                if not self._put(item):
                    break
        except BaseException as error:
            with self._change:
                self._error = error
        finally:
            self._items.close()
            with self._change:
                self._ended = True
                self._change.notify_all()

    def _put(self, item: T) -> bool:
        with self._change:
            if self._drop and len(self._ready) >= self._keep:
                self._ready.popleft()
                self.dropped += 1
            self._change.wait_for(lambda: len(self._ready) < self._keep or self._stopped)
            if self._stopped:
                return False
            self._ready.append(item)
            self._change.notify_all()
            return True
