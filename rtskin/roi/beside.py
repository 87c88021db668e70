"""Opening nodes beside a running graph: what they load takes seconds, or is not there, and frames are not to wait for it."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence

from rtskin.errors import RtskinError
from rtskin.node import Node

log = logging.getLogger("rtskin.roi")

#: Seconds that closing waits for what is still loading (nothing can interrupt that): less than a graph gives its threads.
CLOSE_TIMEOUT = 2.0


class OpenedBeside:
    """Opens one chain of nodes in a thread of its own; every method returns at once, but close.

    make: makes the nodes, not open yet. open_one: opens one of them. What either raises is said as a warning, and then
    nothing is opened.
    """

    def __init__(self, make: Callable[[], Sequence[Node]], open_one: Callable[[Node], None]) -> None:
        self._make, self._open_one = make, open_one
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._opened: list[Node] | None = None
        self._closed = False

    def begin(self) -> None:
        """Open a chain, if none is under way or waits to be taken."""
        with self._lock:
            if self._thread is None and not self._closed:
                self._thread = threading.Thread(target=self._work, name="rtskin-regions", daemon=True)
                self._thread.start()

    def take(self) -> list[Node] | None:
        """The open chain, once: it is the caller's to close then. None where there is none (yet)."""
        with self._lock:
            opened, self._opened = self._opened, None
            if opened is not None:
                self._thread = None
            return opened

    def forget(self) -> None:
        """What could not be opened may be tried again."""
        with self._lock:
            if self._opened is None and self._thread is not None and not self._thread.is_alive():
                self._thread = None

    def close(self) -> None:
        """Nothing is opened any more; what is, and was not taken, is closed."""
        with self._lock:
            self._closed = True
            thread, opened, self._opened = self._thread, self._opened, None
        _close(opened or ())
        if thread is not None:
            thread.join(CLOSE_TIMEOUT)
            if thread.is_alive():
                log.warning("regions still load after %g s; their thread is left behind", CLOSE_TIMEOUT)

    def _work(self) -> None:
        chain: list[Node] = []
        try:
            for node in self._make():
                chain.append(node)  # first, so that it is closed also where it cannot be opened
                self._open_one(node)
        except Exception as error:  # whatever a runtime raises: the graph must go on
            # Said first: closing what is half open may take long, or fail itself.
            log.warning("the view goes on without regions: %s", _reason(error))
            _close(chain)
            return
        with self._lock:
            if not self._closed:
                self._opened = chain
                return
        _close(chain)


def _close(chain: Sequence[Node]) -> None:
    """All of them: one that cannot be closed keeps no other open."""
    for node in chain:
        try:
            node.close()
        except Exception as error:
            log.warning("what found regions was not closed: %s", _reason(error))


def _reason(error: Exception) -> str:
    return str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {error}"
