"""InFlight: a frame whose picture or mask is still being made on the device."""

from __future__ import annotations

import threading
from collections.abc import Callable

from rtskin.frame import U8, Frame
from rtskin.gpu.slots import Lease

#: What can come down: the finished picture, and the mask at the frame's size.
PICTURE, MASK = "picture", "mask"


class InFlight:
    """What the node ``gpu`` gives. It holds a slot until everything that was asked for is fetched, or it is let go.

    ready: waits until the copies here are complete. arrays: where they come to.
    """

    def __init__(
        self, frame: Frame, model: str, view: str, arrays: dict[str, U8], ready: Callable[[], None], lease: Lease
    ) -> None:
        self.frame, self.model, self.view = frame, model, view
        self._arrays, self._ready, self._lease = arrays, ready, lease
        self._left = set(arrays)
        self._lock = threading.Lock()

    def fetch(self, name: str) -> U8:
        """PICTURE or MASK: uint8 H×W×3 (BGR) or H×W, once it is there; the caller's own. From any thread."""
        self._ready()
        with self._lock:
            self._left.discard(name)
            done = not self._left
        if done:
            self._lease.release()
        return self._arrays[name]
