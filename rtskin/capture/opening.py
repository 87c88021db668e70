"""Opening a camera beside: its driver may hang in there for ever, and nothing can end a thread that does."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Callable
from typing import Any

#: Attempts that were given up and have not ended, by camera. Who asks for that camera again waits for one of them, so there
#: are as many threads as waited at the same time, however often it is tried.
_given_up: defaultdict[str, list[Opening]] = defaultdict(list)
_lock = threading.Lock()


def opening_of(uri: str, open_device: Callable[[], Any]) -> Opening:
    """An attempt to open that camera: one that still hangs, or a new one."""
    with _lock:
        if _given_up[uri]:
            return _given_up[uri].pop()
    return Opening(uri, open_device)


def hanging(uri: str) -> int:
    """Threads that hang in opening that camera, and nobody waits for."""
    with _lock:
        return len(_given_up[uri])


class Opening:
    """One attempt, in a thread of its own."""

    def __init__(self, uri: str, open_device: Callable[[], Any]) -> None:
        self._uri, self._open = uri, open_device
        self._done = threading.Event()
        self._device: Any = None
        self._error: BaseException | None = None
        threading.Thread(target=self._run, name=f"rtskin-open-{uri}", daemon=True).start()

    def wait(self, seconds: float) -> bool:
        """Whether it has ended by then."""
        return self._done.wait(seconds)

    def take(self) -> Any:
        """What was opened, or raises what that raised. None: it hangs, and is given up (what it still opens is released)."""
        with _lock:
            if not self._done.is_set():
                _given_up[self._uri].append(self)
                return None
        if self._error is not None:
            raise self._error
        return self._device

    def _run(self) -> None:
        device: Any = None
        try:
            device = self._open()
        except BaseException as error:
            self._error = error
        with _lock:
            wanted = self not in _given_up[self._uri]
            if wanted:
                self._device = device
            else:
                _given_up[self._uri].remove(self)
            self._done.set()
        if not wanted and device is not None:
            device.release()
