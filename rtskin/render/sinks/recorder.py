"""Recording what a window shows, from one key press to the next."""

from __future__ import annotations

import logging
import threading
from collections import deque
from pathlib import Path

from rtskin.errors import RtskinError, SinkError, reason
from rtskin.frame import Rendered
from rtskin.media import cv2
from rtskin.node import Context
from rtskin.render.sinks.file import FileSink

log = logging.getLogger("rtskin.render")

#: Pictures that wait for the encoder: a second. More are dropped, and counted, so that the window never waits.
_ROOM = 30
_CLOSE_SECONDS = 5.0


class Recorder:
    """Writes pictures into ``path`` in a thread of its own; the file is there, whole, after ``close``.

    In colour, also where it begins with a matte: the view may change. Whatever goes wrong is in ``error``, and nothing is
    raised: who looks at a window goes on looking.
    """

    def __init__(self, path: Path) -> None:
        self.path, self.dropped = path, 0
        #: Why it ended before it was told to.
        self.error: RtskinError | None = None
        self._sink = FileSink(path=path)
        self._waiting: deque[Rendered] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._thread = threading.Thread(target=self._run, name="rtskin-recorder", daemon=True)
        self._thread.start()

    @property
    def frames(self) -> int:
        """Pictures written so far."""
        return int(self._sink.counters()["frames"])

    def add(self, picture: Rendered) -> None:
        """One more picture; must not be written into any more."""
        with self._change:
            if len(self._waiting) >= _ROOM or self.error is not None:
                self.dropped += 1
                return
            self._waiting.append(picture)
            self._change.notify()

    def close(self) -> str:
        """Completes the file; says what became of it."""
        with self._change:
            self._closing = True
            self._change.notify()
        self._thread.join(_CLOSE_SECONDS)
        if self._thread.is_alive():
            return f"{self.path} is still being written"
        if self.error is not None:
            return f"not recorded: {self.error}"
        lost = f", {self.dropped} dropped" if self.dropped else ""
        return f"recorded {self.path} ({self.frames} frames{lost})" if self.frames else "nothing was recorded"

    def _run(self) -> None:
        try:
            self._sink.open(Context())
            while (picture := self._next()) is not None:
                self._sink.process(_colored(picture))
            if self.frames:
                self._sink.finish()
        except Exception as error:  # a full disk, a folder that is gone, whatever an encoder raises
            self._fail(error)
        try:
            self._sink.close()
        except Exception as error:
            self._fail(error)

    def _fail(self, error: Exception) -> None:
        if self.error is None:
            self.error = error if isinstance(error, RtskinError) else SinkError(f"{self.path}: {reason(error)}")
            log.warning("%s is not recorded: %s", self.path, self.error)
        with self._change:
            self._waiting.clear()

    def _next(self) -> Rendered | None:
        with self._change:
            self._change.wait_for(lambda: self._waiting or self._closing)
            return self._waiting.popleft() if self._waiting else None


def _colored(picture: Rendered) -> Rendered:
    image = picture.image
    return picture if image.ndim == 3 else Rendered(picture.frame, cv2.cvtColor(image, cv2.COLOR_GRAY2BGR))
