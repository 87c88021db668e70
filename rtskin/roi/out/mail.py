"""Mail: messages that wait for one output's thread; bounded, whatever the output does."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from enum import Enum

from rtskin.roi.record import Sent

#: Bytes of JSON that may wait for one output (the messages of some seconds with crops).
MAX_BYTES = 16 << 20
#: Seconds between two looks at whether the graph stops, while there is no room.
_PATIENCE = 0.1


class Nothing(Enum):
    """What ``take`` answers when it has no message."""

    YET = "nothing arrived within the time-out"
    END = "all was taken and nothing will follow"


class Mail:
    """At most ``slots`` messages. When it is full the oldest goes and is counted, or, where it ``blocks``, the sender waits.

    One sender, one taker. ``stopping`` ends a sender's waiting.
    """

    def __init__(self, slots: int, *, blocks: bool = False, stopping: threading.Event | None = None) -> None:
        self._slots, self._blocks, self._stopping = slots, blocks, stopping or threading.Event()
        self._waiting: deque[Sent] = deque()
        self._bytes = 0
        self._ended = False
        self._changed = threading.Condition()
        self._listener: Callable[[], None] | None = None
        self.dropped = self.taken = 0

    def put(self, message: Sent) -> None:
        """Hand over a message; it is lost where the graph stops first, or after the end."""
        with self._changed:
            while self._blocks and self._full(message) and not self._over:
                self._changed.wait(_PATIENCE)
            if self._over:
                return
            while self._waiting and self._full(message):
                self._forget(self._waiting.popleft())
            self._waiting.append(message)
            self._bytes += len(message.full)
            self._tell()

    def take(self, timeout: float | None = None) -> Sent | Nothing:
        """The oldest message; what waits before the end is still given. timeout: seconds, None: for ever."""
        deadline = None if timeout is None else time.monotonic() + timeout
        with self._changed:
            while not self._waiting and not self._ended:
                left = None if deadline is None else deadline - time.monotonic()
                if left is not None and left <= 0:
                    return Nothing.YET
                self._changed.wait(left)
            if not self._waiting:
                return Nothing.END
            message = self._waiting.popleft()
            self._bytes -= len(message.full)
            self.taken += 1
            self._changed.notify_all()
            return message

    def end(self, *, drop: bool = False) -> None:
        """Nothing will follow. drop: nor will what waits be taken."""
        with self._changed:
            self._ended = True
            while drop and self._waiting:
                self._forget(self._waiting.popleft())
            self._tell()

    def listen(self, listener: Callable[[], None]) -> None:
        """Call ``listener`` whenever something changed, from whichever thread changed it; for takers that do not wait."""
        with self._changed:
            self._listener = listener

    @property
    def _over(self) -> bool:
        return self._ended or self._stopping.is_set()

    def _full(self, message: Sent) -> bool:
        """A single message always has room."""
        return len(self._waiting) >= self._slots or (
            bool(self._waiting) and self._bytes + len(message.full) > MAX_BYTES
        )

    def _forget(self, message: Sent) -> None:
        self._bytes -= len(message.full)
        self.dropped += 1

    def _tell(self) -> None:
        self._changed.notify_all()
        if self._listener:
            self._listener()
