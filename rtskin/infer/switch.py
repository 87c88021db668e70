"""Changing the model of a running graph: the next one loads beside, and takes over when it is ready."""

from __future__ import annotations

import logging
import threading
from collections.abc import Mapping
from typing import Any, Protocol

from rtskin.errors import RtskinError, reason
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.cards import list_models

log = logging.getLogger("rtskin.infer")

#: Seconds that closing waits for a model that is still loading (nothing can interrupt a runtime that compiles). Less than
#: a graph gives its threads to end, or the graph would blame the infer node.
CLOSE_TIMEOUT = 2.0

#: What of the options is to be another: {"model": "ellipse"}, {"size": "small"}; a model may be "next".
Change = Mapping[str, Any]


class Runs(Protocol):
    """Whose model changes."""

    def runs(self) -> tuple[str, Any]:
        """Name of the model in use, and the options that it was loaded with."""

    def changed_by(self, change: Change) -> Any:
        """The options of this moment with that changed; InputError where they cannot be."""

    def load(self, options: Any) -> BaseSegmenter:
        """A model that is ready to run."""

    def use(self, segmenter: BaseSegmenter, options: Any) -> None:
        """It takes over."""


class ModelSwitch:
    """Loads one model at a time in a thread of its own.

    What is asked for while one loads comes next, all of it together: of two models the last. Each change is made to what
    really runs by then, so one that fails leaves nothing behind for those after it. failed: the model that was asked for
    last and did not load.
    """

    def __init__(self, node: Runs) -> None:
        self._node = node
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        self._then: dict[str, Any] = {}
        #: "next" goes on from there instead of trying it for ever.
        self.failed: str | None = None

    def to(self, change: Change) -> None:
        """Make that change; returns at once."""
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(target=self._work, args=(change,), name="rtskin-model", daemon=True)
                self._thread.start()
            elif change.get("model") == "next":
                log.info("a model is still loading; the next one is not taken")
            else:
                self._then |= change

    def close(self) -> None:
        """Let nothing take over any more, and wait for a load under way."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_TIMEOUT)
            if thread.is_alive():
                log.warning("a model is still loading after %g s; its thread is left behind", CLOSE_TIMEOUT)

    def _work(self, change: Change) -> None:
        while True:
            self._make(change)
            with self._lock:
                if not self._then or self._closed:
                    self._thread = None
                    return
                change, self._then = self._then, {}

    def _make(self, change: Change) -> None:
        """One change; where it cannot be, all stays as it is."""
        current, before = self._node.runs()
        by_next = change.get("model") == "next"
        chosen = str(change.get("model", current))
        try:
            if by_next:
                chosen = _after(self.failed or current)
                change = {**change, "model": chosen}
            options = self._node.changed_by(change)
            if options == before or (set(change) == {"model"} and chosen == current):
                self.failed = None
                log.info("there is no other model than %s" if by_next else "the model is %s already", current)
                return
            segmenter = self._node.load(options)
        except Exception as error:  # whatever a runtime raises: the running model must go on
            self.failed = chosen
            why = str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {reason(error)}"
            log.warning("model %s stays; %s cannot be loaded: %s", current, _said(chosen, change), why)
            return
        self.failed = None
        self._take_over(segmenter, options)

    def _take_over(self, segmenter: BaseSegmenter, options: Any) -> None:
        name = segmenter.card.name
        with self._lock:
            if not self._closed:
                self._node.use(segmenter, options)
                log.info("model: %s", name)
                return
        segmenter.close()


def _said(chosen: str, change: Change) -> str:
    how = ", ".join(f"{key} {value}" for key, value in change.items() if key != "model")
    return f"{chosen} ({how})" if how else chosen


def _after(name: str) -> str:
    """The model that follows in the list; the first, after the last one and after one that is not listed."""
    models = [card.name for card in list_models()]
    if name not in models:
        return models[0] if models else name
    return models[(models.index(name) + 1) % len(models)]
