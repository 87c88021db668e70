"""Changing the model of a running graph: the next one loads beside, and takes over when it is ready."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

from rtskin.errors import RtskinError
from rtskin.infer.base import BaseSegmenter
from rtskin.infer.cards import list_models

log = logging.getLogger("rtskin.infer")

#: Seconds that closing waits for a model that is still loading (nothing can interrupt a runtime that compiles). Less than
#: a graph gives its threads to end, or the graph would blame the infer node.
CLOSE_TIMEOUT = 2.0


class ModelSwitch:
    """Loads one model at a time in a thread of its own. load: by name. use: takes over the loaded one.

    Of models that are asked for by name while one loads, the last comes next.
    """

    def __init__(self, load: Callable[[str], BaseSegmenter], use: Callable[[BaseSegmenter], None]) -> None:
        self._load, self._use = load, use
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._closed = False
        #: What comes when the model that loads now is there: name, and whether also if it is in use already.
        self._then: tuple[str, bool] | None = None
        #: The model that was asked for last and did not load: "next" goes on from there instead of trying it for ever.
        self._failed: str | None = None

    def to(self, name: str, current: str, *, anew: bool = False) -> None:
        """Change to a model by name, or to the "next" after ``current``; returns at once. One that loads goes first.

        anew: load it also where it is ``current``, since it is to run in another way.
        """
        with self._lock:
            if self._closed:
                return
            if self._thread is None:
                self._thread = threading.Thread(
                    target=self._work, args=(name, current, anew), name="rtskin-model", daemon=True
                )
                self._thread.start()
            elif name == "next":
                log.info("a model is still loading; the next one is not taken")
            else:
                self._then = (name, anew)

    def close(self) -> None:
        """Let nothing take over any more, and wait for a load under way."""
        with self._lock:
            self._closed = True
            thread = self._thread
        if thread is not None:
            thread.join(CLOSE_TIMEOUT)
            if thread.is_alive():
                log.warning("a model is still loading after %g s; its thread is left behind", CLOSE_TIMEOUT)

    def _work(self, name: str, current: str, anew: bool) -> None:
        while True:
            current = self._change(name, current, anew)
            with self._lock:
                if self._then is None or self._closed:
                    self._thread = None
                    return
                (name, anew), self._then = self._then, None

    def _change(self, name: str, current: str, anew: bool) -> str:
        """One change; answers the model that is in use then."""
        chosen = name
        try:
            if name == "next":
                chosen = _after(self._failed or current)
            if chosen == current and not anew:
                self._failed = None
                log.info("there is no other model than %s" if name == "next" else "the model is %s already", current)
                return current
            segmenter = self._load(chosen)
        except Exception as error:  # whatever a runtime raises: the running model must go on
            self._failed = chosen
            reason = str(error) if isinstance(error, RtskinError) else f"{type(error).__name__}: {error}"
            log.warning("model %s stays; %s cannot be loaded: %s", current, chosen, reason)
            return current
        self._failed = None
        return self._take_over(segmenter)

    def _take_over(self, segmenter: BaseSegmenter) -> str:
        name = segmenter.card.name
        with self._lock:
            if not self._closed:
                self._use(segmenter)
                log.info("model: %s", name)
                return name
        segmenter.close()
        return name


def _after(name: str) -> str:
    """The model that follows in the list; the first, after the last one and after one that is not listed."""
    models = [card.name for card in list_models()]
    if name not in models:
        return models[0] if models else name
    return models[(models.index(name) + 1) % len(models)]
