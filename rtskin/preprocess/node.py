"""The graph node ``preprocess``: makes frames ready for the model that the infer node runs."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any, ClassVar, Protocol, cast

from rtskin.errors import GraphSpecError, GraphStateError, nearest
from rtskin.frame import Frame, Prepared
from rtskin.node import Node, NodeOptions, Source
from rtskin.preprocess.answer import Answer
from rtskin.preprocess.skip import Skip


class _Prepares(Protocol):
    def prepare(self, frame: Frame) -> Prepared: ...


class HasSegmenter(Protocol):
    """What this node asks of the infer node: the model in use now; reading it waits while the model loads."""

    @property
    def segmenter(self) -> _Prepares: ...


class ChoosesKeys(Protocol):
    """Decides which frames the model looks at; asked frame by frame, in order."""

    def __call__(self, frame: Frame, segmenter: Any) -> bool:
        """Is it one of them."""

    def asked(self, answer: Answer) -> None:
        """The scores of the last one will be there."""


class PreprocessOptions(NodeOptions):
    #: Name of the infer node whose model the frames are made ready for.
    of: str = "infer"
    #: A frame that looks like the one that went through the model last takes its scores; see rtskin.preprocess.skip.
    skip: bool = False


class Preprocess(Node):
    """Frame → Prepared, by the ``prepare`` of the model in use, in this node's thread: decode, resize, normalise."""

    takes: ClassVar[tuple[type, ...]] = (Frame,)
    gives: ClassVar[type | None] = Prepared
    Options: ClassVar[type[NodeOptions]] = PreprocessOptions

    reentrant = True
    gives_way: ClassVar[bool] = True
    kernels: ClassVar[Mapping[str, float]] = {
        "rtskin.preprocess.tensor:warm_planes": 2.4,
        "rtskin.preprocess.tensor:warm_bgr": 1.3,
        "rtskin.preprocess.skip:Skip": 0.7,
    }

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self._infer: HasSegmenter | None = None
        self._skip: Skip | None = None
        self._keys: ChoosesKeys | None = None
        self._key = Answer()

    def bind(self, nodes: Mapping[str, Node]) -> None:
        name = self.options.of
        if name not in nodes:
            raise GraphSpecError(f"preprocess.of: there is no node {name!r}{nearest(name, nodes)}")
        node = nodes[name]
        # hasattr would read the property, which waits for the model.
        if inspect.getattr_static(node, "segmenter", None) is None:
            raise GraphSpecError(f"preprocess.of: node {name!r} is a {type(node).__name__}, not one that infers")
        self._infer = cast(HasSegmenter, node)
        if self.options.skip:
            # A live stream has no parts that must come out as the whole does.
            live = any(isinstance(one, Source) and one.live for one in nodes.values())
            self._skip = Skip(by_number=not live)

    def look_only_at(self, keys: ChoosesKeys, *, others_ride: bool) -> None:
        """Let only key frames go through the model, and be used by one worker at a time.

        others_ride: the frames between follow them with their scores; else they end here (a node that samples needs none).
        """
        self._keys, self.reentrant = keys, False
        self.emits = "each" if others_ride else "some"

    def process(self, *packets: Any) -> Prepared | None:
        if self._infer is None:
            raise GraphStateError("preprocess runs in a graph, beside the infer node that it prepares for")
        (frame,) = packets
        segmenter = self._infer.segmenter
        if self._keys is None:
            return self._looked_at(frame, segmenter)
        if self._keys(frame, segmenter):
            prepared = self._looked_at(frame, segmenter)
            self._key = prepared.answer = prepared.answer or Answer()
            self._keys.asked(self._key)
            return prepared
        if self.emits == "some":
            return None
        return Prepared(frame, segmenter, answer=self._key, repeats=True, rides=True)

    def _looked_at(self, frame: Frame, segmenter: Any) -> Prepared:
        """For the model, or, where the frame looks like the one before that was, for its answer."""
        if self._skip is None:
            return cast(Prepared, segmenter.prepare(frame))
        answer, repeats = self._skip(frame, segmenter)
        if repeats:
            return Prepared(frame, segmenter, answer=answer, repeats=True)
        prepared = cast(Prepared, segmenter.prepare(frame))
        prepared.answer = answer
        return prepared

    def counters(self) -> dict[str, int | float | str]:
        """skip.frames: how many frames that the model was to look at took the scores of one that looks the same."""
        return {} if self._skip is None else {"skip.frames": self._skip.frames}
