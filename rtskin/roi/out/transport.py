"""Transport: one way out of the feed. It knows how to send; when, is its courier's business."""

from __future__ import annotations

import logging
import threading
from collections import Counter
from typing import ClassVar

from rtskin.roi.out.mail import Mail, Nothing
from rtskin.roi.record import Sent

log = logging.getLogger("rtskin.roi")


class Transport:
    """``open`` is called in the graph's thread, so that what cannot be is told at once; all else in the transport's own.

    What blocks must look at ``stop`` several times a second. What goes wrong with a peer is counted and said, and is no
    error: peers come and go. An exception ends the graph.
    """

    #: Messages that may wait, so that a hiccup of the machine loses nothing; the oldest goes.
    slots: ClassVar[int] = 8
    #: Every message counts: many may wait, and where the source is a file, the graph waits for room.
    lossless: ClassVar[bool] = False
    #: Seconds without a message after which ``idle`` is called.
    idle_every: ClassVar[float | None] = None

    def __init__(self, name: str) -> None:
        #: As it may be shown.
        self.name = name
        #: Give up now.
        self.stop = threading.Event()
        self.counts: Counter[str] = Counter(sent=0)
        self._said: str | None = None

    def open(self) -> None:
        """Get what can be had without waiting; SinkError, MissingExtraError."""

    def send(self, message: Sent) -> None:
        """One message."""
        raise NotImplementedError(f"{type(self).__name__} has no send()")

    def idle(self) -> None:
        """Nothing was to be sent for a while."""

    def finish(self) -> None:
        """The last message was sent; what is under way may take until ``stop`` to arrive."""

    def close(self) -> None:
        """Give everything back, quickly. Called once ``open`` was tried."""

    def run(self, mail: Mail) -> None:
        """The life of the transport's thread, between ``open`` and ``close``."""
        while not self.stop.is_set():
            message = mail.take(self.idle_every)
            if message is Nothing.END:
                if not self.stop.is_set():
                    self.finish()
                return
            if isinstance(message, Sent):
                self.send(message)
            else:
                self.idle()

    def counters(self) -> dict[str, int]:
        """Figures of its own: sent, dropped …; from any thread."""
        return dict(self.counts)

    def say(self, trouble: str | None) -> None:
        """Log a trouble once, not for each message that it meets; None: it is over."""
        if trouble is not None and trouble != self._said:
            log.warning("%s: %s", self.name, trouble)
        self._said = trouble
