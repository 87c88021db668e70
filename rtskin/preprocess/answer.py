"""Answer: scores to come, for the frames that share them."""

from __future__ import annotations

import threading

from rtskin.errors import GraphStateError
from rtskin.frame import F32, U8


class Answer:
    """What the model says of one frame. The infer node gives it, whoever needs it waits; from any thread."""

    def __init__(self) -> None:
        self._done = threading.Event()
        self._data: F32 | U8 | None = None
        self._model = ""
        #: What the model took; None until it is done.
        self.seconds: float | None = None

    def give(self, data: F32 | U8, model: str, seconds: float | None = None) -> None:
        """data: the scores. model: its name. seconds: what it took."""
        self._data, self._model, self.seconds = data, model, seconds
        self._done.set()

    def wait(self, stopping: threading.Event) -> tuple[F32 | U8, str]:
        """Data and model. With several workers the frame that is shared may still be in the network."""
        while not self._done.wait(0.05):
            if stopping.is_set():
                raise GraphStateError("the graph stopped while a frame waited for the scores of the one before")
        assert self._data is not None
        return self._data, self._model
