"""What sinks share that send the newest picture somewhere, in a thread of its own and at a pace of its own."""

from __future__ import annotations

import logging
import threading
from abc import ABC, abstractmethod
from typing import Any

from rtskin.frame import U8, Frame, Mask, Rendered
from rtskin.node import Node
from rtskin.render.sinks.image import image_of

log = logging.getLogger("rtskin.render")

#: A picture, and when it was captured (monotonic ns; 0: not known).
Shot = tuple[U8, int]


class Sender(ABC):
    """Holds the newest picture, and a thread that sends it: whoever shows one never waits.

    figures: what its ``counters`` say, "frames" (pictures that came) and "sent" (with those that were repeated) at least.
    """

    #: Seconds that ``close`` waits for the thread.
    close_seconds = 2.0

    def __init__(self, name: str, thread: str) -> None:
        self._name = name
        self._figures: dict[str, int] = {"frames": 0, "sent": 0}
        self._newest: Shot | None = None
        self._stopping, self._fresh = threading.Event(), threading.Condition()
        self._thread = threading.Thread(target=self._run, name=thread, daemon=True)

    def start(self) -> None:
        """From now on it sends."""
        self._thread.start()

    def show(self, picture: U8, captured_ns: int) -> None:
        """This one is the newest: uint8 H×W×3 or H×W, not to be written into any more."""
        with self._fresh:
            self._figures["frames"] += 1
            self._newest = (picture, captured_ns)
            self._fresh.notify()

    def raise_error(self) -> None:
        """SinkError where it ended by itself."""
        return

    def close(self) -> bool:
        """Ends the thread; False (and a warning) where it hangs in what it works with, which must stay then."""
        with self._fresh:
            self._stopping.set()
            self._fresh.notify()
        self._thread.join(self.close_seconds)
        if self._thread.is_alive():
            log.warning("%s does not let go; it is left", self._name)
        return not self._thread.is_alive()

    def counters(self) -> dict[str, int | float | str]:
        """Its figures; from any thread."""
        return dict(self._figures)

    @abstractmethod
    def _run(self) -> None:
        """The life of the thread, until ``_stopping`` is set."""


class SendingSink(Node):
    """Rendered or Mask → a Sender, which is there from the first picture on at the latest."""

    emits = "none"

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._sender: Sender | None = None
        self._counters: dict[str, int | float | str] = {}

    def process(self, packet: Rendered | Mask) -> None:
        image = image_of(packet)
        if self._sender is None:
            self._sender = self._begin(image, packet.frame)
        self._sender.raise_error()
        self._sender.show(image, packet.frame.captured_ns)

    def idle(self) -> None:
        if self._sender is not None:
            self._sender.raise_error()

    def close(self) -> None:
        sender, self._sender = self._sender, None
        if sender is not None:
            sender.close()
            self._counters = sender.counters()

    def counters(self) -> dict[str, int | float | str]:
        """Those of the sender, its last ones once it is closed."""
        sender = self._sender
        return self._counters if sender is None else sender.counters()

    def _begin(self, image: U8, frame: Frame) -> Sender:
        """A sender that runs, for pictures like this one."""
        raise NotImplementedError(f"{type(self).__name__} has no _begin()")
