"""The graph node ``infer``: runs a model, and changes it while running."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Annotated, Any, ClassVar, Protocol

from pydantic import BeforeValidator, Field

from rtskin.errors import GraphStateError
from rtskin.frame import F32, Frame, Prepared, Scores
from rtskin.infer.base import BaseSegmenter, load_segmenter
from rtskin.infer.cards import DEFAULT_MODEL, load_card
from rtskin.infer.sizes import Size, parse_size
from rtskin.infer.switch import Change, ModelSwitch
from rtskin.node import Context, Node, NodeOptions, given, parse_options

#: Seconds that others wait for the first model. Building an engine for a GPU may take a minute.
LOAD_TIMEOUT = 180.0


class PriorSource(Protocol):
    """Keeps the last scores, and moves them to the frame that comes next."""

    def before(self, frame: Frame, model: str) -> F32 | None: ...
    def after(self, scores: Scores) -> None: ...


class InferOptions(NodeOptions):
    #: Name of a model, or path of a card.
    model: str = DEFAULT_MODEL
    runtime: str = "auto"
    device: str = "auto"
    #: Threads inside the runtime; without, it chooses.
    threads: int | None = Field(default=None, ge=1)
    #: Of the network's input: "live", "still", "small", "416x224" or [416, 224].
    size: Annotated[Size, BeforeValidator(parse_size)] = "live"
    #: What the scores are of, by the card's names: "hair", "skin,hair", "!background", "person"; without, the card's own.
    classes: str | list[str] | None = None
    runtime_options: dict[str, Any] = Field(default_factory=dict)


class Infer(Node):
    """Prepared → Scores. ``command("model", "next" | NAME)`` changes the model; the old one runs until the new is loaded.

    ``options`` are those of what runs: what is set (model, size, classes) is in them once it is loaded, and never where it
    cannot be (a warning says why, and the counter not_loaded which model).
    """

    takes: ClassVar[tuple[type, ...]] = (Prepared,)
    gives: ClassVar[type | None] = Scores
    Options: ClassVar[type[NodeOptions]] = InferOptions

    reentrant = True
    hot: ClassVar[frozenset[str]] = frozenset({"model", "size", "classes"})

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._segmenter: BaseSegmenter | None = None
        self._error: BaseException | None = None
        self._tried = threading.Event()
        self._stopping = threading.Event()
        self._switch: ModelSwitch | None = None
        self._in_turn = threading.Lock()
        #: Where a model that looks at its last mask has it from; the smooth node sets it. None: it runs without.
        self.prior: PriorSource | None = None
        #: Told of each frame before the model looks at it: what needs the frame alone can be done beside. As above.
        self.beside: Callable[[Frame], None] | None = None

    @property
    def takes_prior(self) -> bool:
        """Does the model in use look at its last mask; False before there is one."""
        return bool(getattr(self._segmenter, "takes_prior", False))

    @property
    def segmenter(self) -> BaseSegmenter:
        """The model in use. Waits while the first one loads; raises what its loading raised."""
        return self._segmenter or self._wait()

    def open(self, context: Context) -> None:
        self._stopping = context.stopping
        first = self.options
        try:
            self._segmenter = self.load(first)
        except BaseException as error:
            self._error = error
            raise
        finally:
            self._tried.set()
        with self._setting:  # what was set while it loaded comes after it
            meanwhile = {key: getattr(self.options, key) for key in self.hot}
            later = {key: value for key, value in meanwhile.items() if value != getattr(first, key)}
            self.options, self._switch = first, ModelSwitch(self)
            if later:
                self._switch.to(later)

    def process(self, *packets: Any) -> Scores:
        prepared: Prepared = packets[0]
        beside = self.beside  # one read: it goes when the node that set it closes
        if beside is not None:
            beside(prepared.frame)
        if prepared.repeats:
            data, model = prepared.answer.wait(self._stopping)
            return Scores(prepared.frame, data, model, prepared.rides)
        begun = time.perf_counter()
        scores = self._infer(prepared)
        if prepared.answer is not None:
            prepared.answer.give(scores.data, scores.model, time.perf_counter() - begun)
        return scores

    def command(self, name: str, value: str) -> bool:
        if name != "model" or self._segmenter is None or self._switch is None:
            return False
        self._switch.to({"model": value})
        return True

    def changed(self, key: str, options: Any) -> None:
        """Loads beside the model in use, which stays where that fails."""
        if key == "model":
            load_card(options.model)  # one that is not there is refused at once
        if self._switch is None:  # it is not open yet
            super().changed(key, options)
        else:
            self._switch.to({key: getattr(options, key)})

    def counters(self) -> dict[str, int | float | str]:
        segmenter = self._segmenter
        if segmenter is None:
            return {}
        info = segmenter.info
        figures: dict[str, int | float | str] = {"model": segmenter.card.name, "runtime": info.runtime}
        figures |= {"device": info.device, "precision": info.precision}
        failed = self._switch.failed if self._switch is not None else None
        figures |= {"not_loaded": failed} if failed else {}
        return figures if info.threads is None else figures | {"threads": info.threads}

    def close(self) -> None:
        if self._switch is not None:
            self._switch.close()
        segmenter, self._segmenter = self._segmenter, None
        if segmenter is not None:
            segmenter.close()
        self._error = self._error or GraphStateError("the infer node is closed")
        self._tried.set()

    def _infer(self, prepared: Prepared) -> Scores:
        # Not self.segmenter: frames that were made ready for the old model still go through the old one.
        segmenter, prior = prepared.segmenter, self.prior
        if prior is None or not getattr(segmenter, "takes_prior", False):
            scores: Scores = segmenter.infer(prepared)
            return scores
        with self._in_turn:  # with several workers too, a prior is of a frame that is done
            scores = segmenter.infer(prepared, prior.before(prepared.frame, segmenter.card.name))
            prior.after(scores)
        return scores

    def runs(self) -> tuple[str, Any]:
        segmenter = self._segmenter
        return ("" if segmenter is None else segmenter.card.name), self.options

    def changed_by(self, change: Change) -> Any:
        return parse_options(self.Options, {**given(self.options), **change}, type(self).__name__)

    def load(self, o: Any) -> BaseSegmenter:
        segmenter = load_segmenter(
            o.model,
            runtime=o.runtime,
            device=o.device,
            threads=o.threads,
            size=o.size,
            classes=o.classes,
            runtime_options=o.runtime_options,
        )
        try:
            segmenter.warm_up()
        except BaseException:
            segmenter.close()
            raise
        return segmenter

    def use(self, segmenter: BaseSegmenter, options: Any) -> None:
        # The old one is not closed here: frames made ready for it are under way. It goes when the last of them does.
        self.options, self._segmenter = options, segmenter

    def _wait(self) -> BaseSegmenter:
        give_up = time.monotonic() + LOAD_TIMEOUT
        while not self._tried.wait(0.05):
            if self._stopping.is_set():
                raise GraphStateError("the graph stopped while the model was loading")
            if time.monotonic() > give_up:
                raise GraphStateError(f"model {self.options.model!r} was not loaded within {LOAD_TIMEOUT:.0f} s")
        segmenter = self._segmenter
        if segmenter is None:
            raise self._error or GraphStateError("the infer node has no model")
        return segmenter
